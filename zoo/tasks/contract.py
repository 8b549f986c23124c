"""What a batch must hold: where it does not, one sentence says what was got and what was expected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, final

import torch
from torch import Tensor

from zoo.tasks.described import described, shape_words, type_words, with_article

Batch = dict[str, Tensor]
Axes = tuple[str | int, ...]
IGNORED = -100
"""The target that no loss and no metric counts, as in torch's cross-entropy."""


@final
@dataclass(frozen=True, kw_only=True)
class Entry:
    """A tensor of a batch."""

    axes: Axes
    """The size of each axis: B, T or a number."""
    kind: Literal["floating-point numbers", "numbers", "integers", "booleans"]
    """What it holds."""
    below: int | None = None
    """Its integers are from 0 up to, but not including, this."""
    least: float | None = None
    """Its numbers are finite, and not below this."""
    is_target: bool = False
    """Whether predictions are compared with it: predicting does without it, and IGNORED may stand in it."""
    is_optional: bool = False
    """Whether it may be left out."""
    advice: Mapping[Axes, str] = field(default_factory=dict)
    """What to expect instead where it has another shape."""

    def __str__(self) -> str:
        values = self.kind if self.below is None else f"{self.kind} from 0 to {self.below - 1}"
        values += "" if self.least is None else f" of at least {self.least:g}"
        ignored = f" ({IGNORED} where none counts)" if self.is_target and self.below is not None else ""
        return f"{shape_words(self.axes)} of {values}{ignored}"

    def wrong(self, value: object, sizes: Mapping[str, int], values: bool) -> str | None:
        """What is wrong with a value, in words that follow its name; None where nothing is.

        Args:
            value: What stands in the batch.
            sizes: B and T, where they are known.
            values: Whether to look at the values, too.
        """
        if not isinstance(value, Tensor):
            return f"that is {with_article(type(value).__name__)}"
        if not _fits(value, self.axes, sizes):
            known = [sizes.get(axis, axis) if isinstance(axis, str) else axis for axis in self.axes]
            equal = f" = {shape_words(known)}" if sizes else ""
            return f"of shape {shape_words(value.shape)}, not {shape_words(self.axes)}{equal},"
        if not self._has_kind(value):
            return f"of type {type_words(value)}"
        if values and self.below is not None and value.numel():
            least, most = (int(bound) for bound in value.aminmax())
            if most >= self.below or (least < 0 and not (self.is_target and _ignores(value))):
                return f"with values from {least} to {most}"
        if values and self.least is not None and not bool(((value >= self.least) & value.isfinite()).all()):
            return f"with values from {value.min():g} to {value.max():g}"
        return None

    def expected(self, value: object, sizes: Mapping[str, int]) -> str | None:
        """The advice for a value of this shape, if there is any."""
        fitting = (
            advice
            for axes, advice in self.advice.items()
            if isinstance(value, Tensor) and _fits(value, axes, sizes)
        )
        return next(fitting, None)

    def _has_kind(self, value: Tensor) -> bool:
        if self.kind == "floating-point numbers":
            return value.is_floating_point()
        if self.kind == "booleans" or value.dtype == torch.bool:
            return self.kind == "booleans" and value.dtype == torch.bool
        return not value.is_complex() and (self.kind == "numbers" or not value.is_floating_point())


@final
@dataclass(frozen=True, kw_only=True)
class Contract:
    """What the batches of a task must hold."""

    task: str
    """The name of the task."""
    entries: Mapping[str, Entry]
    """Its tensors; the first begins with the axes B and T."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Names that the task could not take as they are meant, and what it expects instead."""

    def __str__(self) -> str:
        needed = [f"{name} {entry}" for name, entry in self.entries.items() if not entry.is_optional]
        optional = [f" and, if there are any, {name} {self.entries[name]}" for name in self._optional]
        return f"a dict of {', '.join(needed)}{''.join(optional)}"

    @property
    def _optional(self) -> list[str]:
        return [name for name, entry in self.entries.items() if entry.is_optional]

    def check(self, batch: object, predicting: bool, values: bool) -> Batch:
        """A batch that is as it should be, with its integers as int64.

        Args:
            batch: What a loader has made.
            predicting: Whether there need be no targets.
            values: Whether to look at the values of integers, for which a GPU has to be waited for.

        Raises:
            ValueError: it is not as it should be; says what was got and what was expected.
        """
        if not isinstance(batch, Mapping):
            raise ValueError(f"{self.task} got {described(batch)}; expected {self}{_how_to_name(batch)}")
        checked, sizes = dict(batch), dict[str, int]()
        for name, entry in self.entries.items():
            if predicting and entry.is_target:
                continue
            value = batch.get(name)
            if value is None and entry.is_optional:
                continue
            if value is None:
                raise self._refusal(batch, f"no {name}")
            wrong = entry.wrong(value, sizes, values)
            if wrong is not None:
                raise self._refusal(batch, f"{name} {wrong}", entry.expected(value, sizes))
            if entry.kind == "integers":
                checked[name] = value.long()
            sizes = sizes or {"B": value.shape[0], "T": value.shape[1]}
        if not batch.keys() <= self.entries.keys():
            self._check_others(batch, sizes)
        return checked

    def _refusal(self, batch: object, got: str, expected: str | None = None) -> ValueError:
        return ValueError(f"{self.task} got {got} in {described(batch)}; expected {expected or self}")

    def _check_others(self, batch: Mapping[str, object], sizes: Mapping[str, int]) -> None:
        """Refuses what seems to be meant for the task, which would not read it."""
        for name, value in batch.items():
            if name in self.refused:
                raise self._refusal(batch, name, self.refused[name])
            for known, entry in self.entries.items():
                is_missing = entry.is_optional and batch.get(known) is None
                if is_missing and _plain(name) == _plain(known) and not entry.wrong(value, sizes, False):
                    raise self._refusal(batch, name, f"{known}, or another name for what is not read")


def lengths_of(batch: Batch) -> Tensor:
    """The valid steps of each sequence (B,)."""
    count, steps = batch["x"].shape[:2]
    return batch["lengths"] if "lengths" in batch else batch["x"].new_full((count,), steps, dtype=torch.long)


def _fits(value: Tensor, axes: Axes, sizes: Mapping[str, int]) -> bool:
    """Whether the shape of a tensor is this, where letters have these sizes."""
    return len(axes) == value.dim() and all(
        sizes.get(axis, size) == size if isinstance(axis, str) else axis == size
        for axis, size in zip(axes, value.shape, strict=True)
    )


def _ignores(value: Tensor) -> bool:
    """Whether what is negative is to be ignored."""
    return not bool(((value < 0) & (value != IGNORED)).any())


def _plain(name: object) -> str:
    """A name without what is easily mistaken in it: `Length` for `lengths`."""
    return str(name).casefold().rstrip("s")


def _how_to_name(batch: object) -> str:
    if not isinstance(batch, list | tuple):
        return ""
    names = ", ".join(f"'{name}': batch[{place}]" for place, name in enumerate("xy"[: len(batch)]))
    return f"; a collate_fn can make {{{names}}} of it"
