"""Tensors, numpy arrays and lists of sequences of a user's own, from Python."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.utils.data import Sampler

from zoo.data import DATA
from zoo.data.base import SequenceData
from zoo.data.batches.array_items import StepTargets, Targets, sequences_of, targets_of
from zoo.data.batches.datasets import RaggedSequences, SequenceDataset
from zoo.data.batches.item_weights import given_weights, training_weights
from zoo.data.batches.orders import Bucketed, InOrder
from zoo.data.batches.splits import Split, chance, check_fractions, stratified_split

Pair = tuple[Any, ...] | list[Any]
"""Sequences and their targets."""


@final
@DATA.register("arrays")
class Arrays(SequenceData):
    """Sequences that are in memory, with what is to be predicted for each, or for each of their steps.

    For Python; recipes name files. Whole numbers (N, T) are tokens. Targets that are whole numbers or words
    are classes, others are numbers. Batches: `x` (B, T, I) or, for tokens, (B, T); `y` (B,) classes, (B, O)
    numbers, or for each step (B, T) and (B, T, O); `lengths` (B,) if they differ.

    Args:
        x: (N, T, I) or, for tokens, (N, T), as a tensor or an array; or a list of (T_i, I) or (T_i,),
            which are tokens if whole and else one number a step.
        y: Classes (N,) or (N, T), numbers (N,), (N, O) or (N, T, O); or a list with one entry per sequence.
        val: x and y for validation; by default they are held out of x and y.
        test: x and y for testing; by default they are held out of x and y.
        val_fraction: Share held out for validation, stratified by class.
        test_fraction: Share held out for testing, stratified by class.
        batch_size: Sequences of one batch.
        seed: Decides split and shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of a cross-validation, of which one is tested; of the others val_fraction is held out for
            validation, and test_fraction says nothing.
        fold: The fold that is tested, from 0.
        weight: (N,), what each sequence of x counts in training, at least 0; by default all count alike.
            Nothing that is logged of validation and test data is weighed.
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        val: Pair | None = None,
        test: Pair | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        batch_size: int = 32,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
        weight: Any = None,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        self.chance = chance(seed, folds, fold)
        check_fractions(val_fraction, test_fraction, zero=True, by=self.chance)
        own: Mapping[Split, Pair | None] = {"val": val, "test": test}
        for name, fraction, pair in (("val", val_fraction, val), ("test", test_fraction, test)):
            if pair is None and fraction == 0 and (name == "val" or folds is None):
                raise ValueError(f"{name}_fraction is 0 and {name} is not given; expected one of them")
        self._cut = (0.0 if val is not None else val_fraction, 0.0 if test is not None else test_fraction)
        if test is not None and folds is not None:
            raise ValueError("folds are tested each in its turn, and test is given; expected one of them")
        items = sequences_of("x", x)
        targets = targets_of("y", y, [len(item) for item in items])
        self._whole = items, targets
        self._weights = None if weight is None else given_weights(weight, len(items))
        self._given = {
            split: _paired(split, pair, items[0], targets) for split, pair in own.items() if pair is not None
        }
        self.labels = targets.labels
        self._sizes = _sizes_of([self._whole, *self._given.values()])

    @property
    def sizes(self) -> dict[str, int]:
        return dict(self._sizes)

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": self.labels} if self.labels else {}

    def load(self, split: Split) -> SequenceDataset:
        if split in self._given:
            return _dataset(*self._given[split])
        items, targets = self._whole
        strata = torch.zeros(len(items), dtype=torch.long)
        if targets.kind == "classes" and not targets.per_step:
            strata = torch.stack(targets.items).view(-1)
        chosen = stratified_split(strata, *self._cut, self.chance, targets.labels)[split].tolist()
        part = targets._replace(items=[targets.items[k] for k in chosen])
        if split != "train" or self._weights is None:
            return _dataset([items[k] for k in chosen], part)
        weights = training_weights([self._weights[k] for k in chosen], "weight")
        return _dataset([items[k] for k in chosen], part, weights)

    def given(self, items: Sequence[Any]) -> RaggedSequences:
        """Sequences as the model was trained on.

        Raises:
            ValueError: they are of another kind or width.
        """
        return RaggedSequences(_like(sequences_of("items", items), self._whole[0][0], "items"))

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        assert isinstance(data, RaggedSequences | StepTargets)
        return Bucketed(data.lengths, self.whole_batch, self.seed) if split == "train" else InOrder(data)


def _dataset(
    items: list[Tensor], targets: Targets, weights: Tensor | None = None
) -> RaggedSequences | StepTargets:
    if targets.per_step:
        return StepTargets(items, targets.items, weights)
    y = torch.stack(targets.items)
    return RaggedSequences(items, y[:, None] if targets.kind == "numbers" and y.dim() == 1 else y, weights)


def _paired(split: Split, pair: Pair, first: Tensor, trained: Targets) -> tuple[list[Tensor], Targets]:
    """Sequences and targets of a split, which are as those of training.

    Raises:
        ValueError: they are not.
    """
    if len(pair) != 2:
        raise ValueError(f"{split} has {len(pair)} parts; expected a pair of x and y")
    items = _like(sequences_of(f"the x of {split}", pair[0]), first, f"the x of {split}")
    name = f"the y of {split}"
    targets = targets_of(name, pair[1], [len(item) for item in items], trained.labels)
    if (
        targets.kind != trained.kind
        or targets.items[0].shape[targets.per_step :] != (trained.items[0].shape[trained.per_step :])
    ):
        raise ValueError(f"{name} holds {targets.kind}, unlike y; expected {trained.kind} of the same shape")
    return items, targets


def _like(items: list[Tensor], first: Tensor, name: str) -> list[Tensor]:
    if items[0].shape[1:] != first.shape[1:] or items[0].is_floating_point() != first.is_floating_point():
        raise ValueError(
            f"{name} holds sequences of shape {tuple(items[0].shape)}; expected the kind and width of those "
            f"trained on, {('T', *first.shape[1:])}".replace("'", "")
        )
    return items


def _sizes_of(parts: Sequence[tuple[list[Tensor], Targets]]) -> dict[str, int]:
    first, targets = parts[0][0][0], parts[0][1]
    if first.is_floating_point():
        sizes = {"input_size": first.shape[1]}
    else:
        sizes = {"vocab_size": 1 + max(int(item.max()) for items, _ in parts for item in items)}
    if targets.kind == "numbers":
        entry = targets.items[0]
        return sizes | {"output_size": entry.shape[-1] if entry.dim() > targets.per_step else 1}
    most = max(int(item.max()) for _, each in parts for item in each.items)
    return sizes | {"num_classes": len(targets.labels) or 1 + most}
