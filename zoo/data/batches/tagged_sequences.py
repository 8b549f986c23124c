"""Sequences with a target for each step, and the characters of each word beside it."""

from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from zoo.data.batches.datasets import IGNORED, Batch, SequenceDataset, padded_places


@final
class TaggedSequences(SequenceDataset):
    """Sentences of different lengths, held end to end and padded to the longest of a batch.

    Args:
        items: The numbers of the words of each sentence.
        tags: The number of each word's tag, -100 where there is none; None when there is nothing to predict.
        characters: The numbers of the characters of each word of each sentence, from 1; None without.

    Raises:
        ValueError: there are no sentences, or one has not as many tags as words.
    """

    def __init__(
        self,
        items: Sequence[Sequence[int]],
        tags: Sequence[Sequence[int]] | None = None,
        characters: Sequence[Sequence[Sequence[int]]] | None = None,
    ) -> None:
        if not items:
            raise ValueError("there are no sequences, expected at least one")
        self.lengths = torch.tensor([len(item) for item in items])
        self.offsets = self.lengths.cumsum(0) - self.lengths
        self.words = torch.tensor([word for item in items for word in item], dtype=torch.long)
        self.tags = None if tags is None else torch.tensor([tag for each in tags for tag in each])
        if self.tags is not None and len(self.tags) != len(self.words):
            raise ValueError(f"there are {len(self.words)} words and {len(self.tags)} tags; expected as many")
        self.characters = (
            None if characters is None else _Characters([w for each in characters for w in each])
        )

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """A batch of `x`, of `y` and `characters` if there are any, and of `lengths` if they differ."""
        chosen = torch.as_tensor(indices)
        lengths = self.lengths[chosen]
        places, valid = padded_places(self.offsets[chosen], lengths)
        batch = {"x": self.words[places].masked_fill_(~valid, 0)}
        if not valid.all():
            batch["lengths"] = lengths
        if self.tags is not None:
            batch["y"] = self.tags[places].masked_fill_(~valid, IGNORED)
        if self.characters is not None:
            batch["characters"] = self.characters.of(places, valid)
        return batch


class _Characters:
    """The characters of words, held end to end."""

    def __init__(self, words: Sequence[Sequence[int]]) -> None:
        self.lengths = torch.tensor([len(word) for word in words])
        self.offsets = self.lengths.cumsum(0) - self.lengths
        self.numbers = torch.tensor([number for word in words for number in word], dtype=torch.long)

    def of(self, places: Int[Tensor, "B T"], valid: Bool[Tensor, "B T"]) -> Int[Tensor, "B T C"]:
        """The characters of the words at these places, 0 behind them and for words that are padding."""
        lengths = self.lengths[places].masked_fill(~valid, 0)
        time = torch.arange(int(lengths.max()))
        inside = time < lengths.unsqueeze(-1)
        found = self.numbers[torch.where(inside, self.offsets[places].unsqueeze(-1) + time, 0)]
        return found.masked_fill_(~inside, 0)
