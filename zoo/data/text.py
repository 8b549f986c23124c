"""What data modules of text share: a vocabulary that is learned once and travels with the checkpoint."""

from abc import abstractmethod
from typing import Any

from zoo.data.base import SequenceData
from zoo.data.words.vocabulary import Vocabulary, restore


class TextData(SequenceData):
    """Text as numbers. The vocabulary is learned from the training text, or comes from a checkpoint."""

    _vocabulary: Vocabulary | None = None

    @abstractmethod
    def learn(self) -> Vocabulary:
        """Learns the vocabulary from the training text."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary, learned at the first use unless a checkpoint brought one.

        Raises:
            FileNotFoundError: there is neither a checkpoint nor a training text.
        """
        if self._vocabulary is None:
            self._vocabulary = self.learn()
        return self._vocabulary

    @property
    def sizes(self) -> dict[str, int]:
        return {"vocab_size": len(self.vocabulary)}

    def setup(self, stage: str | None = None) -> None:
        """Loads what `stage` needs, and the vocabulary; to test or predict, a checkpoint's will do."""
        if stage not in (None, "fit") and self._vocabulary is None:
            try:
                self._vocabulary = self.learn()
            except FileNotFoundError:
                return  # Lightning restores checkpoints after setup; the loaders then read the data
        super().setup(stage)

    def state_dict(self) -> dict[str, Any]:
        """The vocabulary as plain values, for the checkpoint."""
        return {} if self._vocabulary is None else {"vocabulary": self._vocabulary.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a checkpoint's vocabulary: the numbers that its model was trained with."""
        if state_dict == self.state_dict():
            return
        self._vocabulary = restore(state_dict["vocabulary"])
        self._datasets.clear()
