"""The local file of gradient histograms: one JSON object per line, one line per measured step."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from zoo.diagnostics.histogram import LogBins, Summary


@final
@dataclass(frozen=True, kw_only=True)
class GradientRecord:
    """The gradients of one optimiser step.

    Attributes:
        step: Optimiser steps taken before this one, over all optimisers.
        optimizer: Index of the optimiser that took the step.
        bins: The bins of all histograms here.
        before: Parameter name -> its gradient before any clipping.
        after: The same just before the update, or None where the gradient scaler skipped the update.
    """

    step: int
    optimizer: int
    bins: LogBins
    before: dict[str, Summary]
    after: dict[str, Summary] | None

    def to_json(self) -> str:
        """This record as one line, without its newline."""
        plain = {
            "step": self.step,
            "optimizer": self.optimizer,
            "bins": vars(self.bins),
            "before": _plain(self.before),
            "after": None if self.after is None else _plain(self.after),
        }
        return json.dumps(plain, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> "GradientRecord":
        """The record that a line holds.

        Raises:
            ValueError: the line holds no record; a line that a crash cut short is such a one.
        """
        try:
            plain = json.loads(line)
            after = plain["after"]
            return cls(
                step=plain["step"],
                optimizer=plain["optimizer"],
                bins=LogBins(**plain["bins"]),
                before=_summaries(plain["before"]),
                after=None if after is None else _summaries(after),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a gradient record: {error!r}") from error


def append_gradients(path: Path, record: GradientRecord) -> None:
    """Adds a record to a file, in one write, so that a crash can cost at most the last line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, 2)
            cut_short = file.read(1) != b"\n"
        else:
            cut_short = False
        file.write((b"\n" if cut_short else b"") + record.to_json().encode() + b"\n")


def read_gradients(path: Path | str) -> Iterator[GradientRecord]:
    """The records of a file, in the order they were written, one at a time.

    Lines that a crash cut short are left out with a warning.

    Raises:
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}; expected the gradients.jsonl that GradientHistogram writes")
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield GradientRecord.from_json(line)
            except ValueError:
                warnings.warn(f"{path}, line {number} holds no gradient record; left out", stacklevel=2)


def _plain(summaries: dict[str, Summary]) -> dict[str, Any]:
    # Six digits are more than a picture can show, and halve the file.
    return {
        name: vars(summary) | {"norm": float(f"{summary.norm:.6g}")} for name, summary in summaries.items()
    }


def _summaries(plain: dict[str, Any]) -> dict[str, Summary]:
    return {name: Summary(**fields | {"counts": tuple(fields["counts"])}) for name, fields in plain.items()}
