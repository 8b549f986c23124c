"""A user's own arrays as tensors: one per sequence, of one kind and width, without NaN."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, final

import numpy as np
import torch
from jaxtyping import Integer, Shaped
from torch import Tensor

from zoo.data.batches.datasets import IGNORED, Batch, RaggedSequences, SequenceDataset
from zoo.data.reading.faults import listed

Kind = Literal["classes", "numbers"]
IN_A_RECIPE = "in a recipe, name files instead: LabelledText, Series or TimeSeriesArchive with root"


@final
class Targets(NamedTuple):
    """What is to be predicted for each sequence.

    Attributes:
        kind: Classes or numbers.
        items: One tensor per sequence: () or (O,), or for each step (T,) or (T, O).
        per_step: Whether there is one for each step.
        labels: The names of classes, where these were given as words.
    """

    kind: Kind
    items: list[Tensor]
    per_step: bool
    labels: list[str]


@final
class StepTargets(SequenceDataset):
    """Sequences with a target for each step; beyond the end of a sequence, classes are -100, numbers 0.

    Args:
        items: One tensor per sequence: (T,) tokens or (T, I) features.
        targets: As many: (T,) classes or (T, O) numbers.
        weights: (N,), what each sequence counts in training; None where all count alike.
    """

    def __init__(
        self, items: Sequence[Tensor], targets: Sequence[Tensor], weights: Tensor | None = None
    ) -> None:
        self.items, self.targets = RaggedSequences(items, weights=weights), RaggedSequences(targets)
        self.lengths = self.items.lengths

    def __len__(self) -> int:
        return len(self.items)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        batch, y = self.items.__getitems__(indices), self.targets.__getitems__(indices)["x"]
        if "lengths" in batch and not y.is_floating_point():
            y = y.masked_fill(torch.arange(y.shape[1]) >= batch["lengths"][:, None], IGNORED)
        return {**batch, "y": y}


def sequences_of(name: str, x: Any) -> list[Tensor]:
    """One tensor per sequence, (T, I) of float32 or (T,) of int64.

    Args:
        name: What the user calls it, for messages.
        x: (N, T, I) numbers or (N, T) tokens, as a tensor or an array, or a list of (T_i, I) or (T_i,),
            whose numbers that are no whole ones are one a step, (T_i, 1).

    Raises:
        ValueError: it is nothing of the kind; says what was got and what was expected.
    """
    if x is None or isinstance(x, str):
        raise ValueError(f"{name} is {x!r}, and Arrays takes tensors or arrays from Python; {IN_A_RECIPE}")
    items = [_tensor(f"{name}[{k}]", item) for k, item in enumerate(x)]
    if not items:
        raise ValueError(f"{name} has no sequences, expected at least one")
    shapes = {(item.dim(), *item.shape[1:], item.is_floating_point()) for item in items}
    floating = items[0].is_floating_point()
    if items[0].dim() == 1 and floating and len(shapes) == 1 and not isinstance(x, Tensor | np.ndarray):
        items = [item[:, None] for item in items]
    elif items[0].dim() == 1 and floating:
        raise ValueError(
            f"{name}[0] has shape {tuple(items[0].shape)} of numbers; expected (T, I), such as x[..., None] "
            f"for one number a step, or whole numbers (T,) for tokens"
        )
    if items[0].dim() != (2 if floating else 1):
        if items[0].dim() == 2:
            return sequences_of(name, [item.float() for item in items])
        raise ValueError(
            f"{name}[0] has shape {tuple(items[0].shape)}; expected (T, I) numbers or (T,) tokens"
        )
    if len(shapes) > 1:
        other = next(k for k, item in enumerate(items) if not _alike(item, items[0]))
        raise ValueError(
            f"{name}[{other}] is {_said(items[other])} and {name}[0] is {_said(items[0])}; expected "
            f"sequences of one kind and width"
        )
    empty = [k for k, item in enumerate(items) if not len(item)]
    if empty:
        raise ValueError(f"{name}[{empty[0]}] has no steps, expected at least one in every sequence")
    _check_values(name, items)
    if not floating and min(int(item.min()) for item in items) < 0:
        raise ValueError(f"{name} has tokens below 0; expected whole numbers from 0")
    return items


def targets_of(name: str, y: Any, lengths: Sequence[int], labels: Sequence[str] = ()) -> Targets:
    """The targets of sequences.

    Args:
        name: What the user calls them, for messages.
        y: Classes (N,) or per step (N, T), whole numbers or words; numbers (N,), (N, O) or (N, T, O); or
            lists with one entry per sequence.
        lengths: The steps of each sequence.
        labels: The names of the classes, if they are known already.

    Raises:
        ValueError: they do not fit the sequences; says how.
    """
    entries = [np.asarray(item) for item in y]
    if len(entries) != len(lengths):
        raise ValueError(
            f"{name} has {len(entries)} entries for {len(lengths)} sequences; expected one for each"
        )
    words = entries[0].dtype.kind in "US"
    names = list(labels) or (sorted({str(word) for item in entries for word in item.flat}) if words else [])
    if words:
        entries = [_numbered(name, item, names) for item in entries]
    items = [_tensor(f"{name}[{k}]", item) for k, item in enumerate(entries)]
    kind: Kind = "numbers" if any(item.is_floating_point() for item in items) else "classes"
    if kind == "numbers":
        items = [item.float() for item in items]
    per_step = items[0].dim() == (2 if kind == "numbers" else 1)
    for k, (item, length) in enumerate(zip(items, lengths, strict=True)):
        if item.dim() != items[0].dim() or item.dim() > 2 or (per_step and len(item) != length):
            raise ValueError(
                f"{name}[{k}] has shape {tuple(item.shape)} for a sequence of {length} steps; expected one "
                f"class, (O,) numbers, or for each step ({length},) classes or ({length}, O) numbers"
            )
    _check_values(name, items)
    if kind == "classes" and min(int(item.min()) for item in items) < (IGNORED if per_step else 0):
        raise ValueError(f"{name} has classes below 0; expected whole numbers from 0")
    return Targets(kind, items, per_step, names)


def _numbered(name: str, item: Shaped[np.ndarray, "..."], labels: list[str]) -> Integer[np.ndarray, "..."]:
    unknown = sorted({str(word) for word in item.flat} - set(labels))
    if unknown:
        raise ValueError(
            f"{name} has the label {unknown[0]!r}, which does not occur in the training data; known: "
            f"{listed(labels, 10)}"
        )
    return np.array([labels.index(str(word)) for word in item.flat], dtype=np.int64).reshape(item.shape)


def _tensor(name: str, item: Any) -> Tensor:
    try:
        tensor = item.detach().cpu() if isinstance(item, Tensor) else torch.as_tensor(np.asarray(item))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is no array of numbers ({error}); expected one") from None
    if tensor.is_complex():
        raise ValueError(f"{name} holds complex numbers; expected real ones")
    return tensor.float() if tensor.is_floating_point() else tensor.long()


def _check_values(name: str, items: Sequence[Tensor]) -> None:
    """Refuses numbers that are none."""
    wrong = [k for k, item in enumerate(items) if not bool(torch.isfinite(item).all())]
    if wrong:
        step = (~torch.isfinite(items[wrong[0]])).nonzero()[0].tolist()
        raise ValueError(
            f"{name}[{wrong[0]}] has NaN or infinity at {tuple(step)}, in {len(wrong)} of {len(items)} "
            f"sequences ({listed(wrong)}); expected finite numbers"
        )


def _alike(item: Tensor, first: Tensor) -> bool:
    return item.shape[1:] == first.shape[1:] and item.is_floating_point() == first.is_floating_point()


def _said(item: Tensor) -> str:
    return f"{tuple(item.shape)} of {'numbers' if item.is_floating_point() else 'tokens'}"
