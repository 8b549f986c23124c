"""The reference text that every CPython ships: real language that needs no download."""

from typing import final

from zoo.data import DATA
from zoo.data.batches.splits import Split, check_fractions
from zoo.data.streams import StreamData
from zoo.data.text_file import split_by_position
from zoo.data.words.vocabulary import Characters, Vocabulary


@final
@DATA.register("python_docs")
class PythonDocs(StreamData):
    """The language reference inside every CPython (`pydoc_data.topics`), half a megabyte, by characters.

    The topics come in alphabetical order. The text differs from one Python version to the next, so results
    are comparable within a version only; a checkpoint brings its own alphabet along.
    Batches: `x`, `y` (B, T), characters and those after them; `starts` (B,), whether a stream begins here.

    Args:
        batch_size: Parallel streams for training and validation.
        steps: Characters of one chunk, through which gradients flow.
        val_fraction: Share of the text for validation, after the training text.
        test_fraction: Share of the text for testing, at its end.
        test_batch_size: Parallel streams for testing; 1 reads the text as it stands.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        batch_size: int = 32,
        steps: int = 64,
        val_fraction: float = 0.05,
        test_fraction: float = 0.05,
        test_batch_size: int = 1,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps, test_batch_size, num_workers)
        check_fractions(val_fraction, test_fraction)
        self.fractions = (val_fraction, test_fraction)

    def text(self, split: Split) -> str:
        return split_by_position(reference(), *self.fractions)[split]

    def learn(self) -> Vocabulary:
        return Characters.learn(self.text("train"))


def reference() -> str:
    """All topics of the language reference, in alphabetical order."""
    from pydoc_data.topics import topics  # half a megabyte of source: only who reads it loads it

    return "\n".join(topics[name] for name in sorted(topics))
