"""Scikit-learn's scanned digits, the zoo's smallest real data."""

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor

from zoo.data import DATA
from zoo.data.base import SequenceData
from zoo.data.batches.datasets import ImageSequences, TensorSequences
from zoo.data.batches.images import as_sequences, check_reading, given_images, with_positions
from zoo.data.batches.splits import Split, chance, check_fractions, stratified_split

WHITE = 16


@final
@DATA.register("digits")
class Digits(SequenceData):
    """1,797 scanned digits of 8 x 8 pixels, by rows or pixel by pixel; comes with scikit-learn.

    Batches: `x` (B, 8, 8) or, by pixels, (B, 64, 1), in [0, 1], with `positions` 8 or 64 wider; `y` (B,), the
    digit.
    Reference: Alpaydin and Kaynak, 1998, https://archive.ics.uci.edu/dataset/80.

    Args:
        batch_size: Images of one batch.
        order: rows (8 steps of 8 pixels) or pixels (64 steps of 1).
        permutation: Seed of one fixed shuffle of the pixels of all images; needs order pixels.
        positions: Whether each step also holds its number, one-hot, for models that are blind to order.
        val_fraction: Share of the images held out for validation, stratified by digit.
        test_fraction: Share of the images held out for testing, stratified by digit.
        seed: Decides split and shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of a cross-validation, of which one is tested; of the others val_fraction is held out for
            validation, and test_fraction says nothing.
        fold: The fold that is tested, from 0.
    """

    def __init__(
        self,
        batch_size: int = 64,
        order: str = "rows",
        permutation: int | None = None,
        positions: bool = False,
        val_fraction: float = 0.15,
        test_fraction: float = 0.15,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        self.chance = chance(seed, folds, fold)
        check_reading(order, permutation)
        check_fractions(val_fraction, test_fraction, by=self.chance)
        self.image_order = order
        self.permutation = permutation
        self.positions = positions
        self.val_fraction = val_fraction
        self.test_fraction = test_fraction

    @property
    def sizes(self) -> dict[str, int]:
        steps, width = (8, 8) if self.image_order == "rows" else (64, 1)
        return {"input_size": width + steps * self.positions, "num_classes": 10}

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": list(range(10))}

    def given(self, items: Sequence[Any]) -> TensorSequences:
        """Images (8, 8) of pixels from 0 to 16."""
        given = given_images(items, (8, 8), WHITE, self.image_order, self.permutation)
        return TensorSequences({"x": with_positions(given.fields["x"], 1)}) if self.positions else given

    def load(self, split: Split) -> ImageSequences:
        images, labels = scanned_digits()
        chosen = stratified_split(labels, self.val_fraction, self.test_fraction, self.chance)[split]
        pixels = as_sequences(images[chosen], self.image_order, self.permutation)
        if self.positions:
            pixels = with_positions(pixels, WHITE)
        return ImageSequences(pixels, labels[chosen], WHITE)


def scanned_digits() -> tuple[Tensor, Tensor]:
    """All images (1797, 8, 8) and digits (1797,)."""
    from sklearn.datasets import (
        load_digits,
    )  # takes a second to import: only who uses the digits waits for it

    bundle = load_digits()
    return torch.tensor(bundle.images, dtype=torch.uint8), torch.tensor(bundle.target, dtype=torch.long)
