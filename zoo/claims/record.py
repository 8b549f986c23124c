"""What has been measured, in one table: a row for each number, the claims in their order."""

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import final

import torch

from zoo.claims.base import Claim, Measured, Number, Verdict, in_order
from zoo.runs.atomic_file import atomic_file

TABLE = "claims.csv"
COLUMNS = (
    *("claim", "what", "value", "spread", "seeds", "published", "verdict", "finding", "ran"),
    *("seconds", "zoo", "torch", "cores"),
)


@final
@dataclass(frozen=True, kw_only=True)
class Record:
    """A claim that has been measured.

    Attributes:
        key: Of the claim.
        numbers: What was measured.
        verdict: What follows by the rule.
        finding: In a sentence.
        ran: What was run, with its sizes.
        seconds: How long it took.
        versions: Of the zoo and of torch, and the number of cores.
    """

    key: str
    numbers: Sequence[Number]
    verdict: Verdict
    finding: str
    ran: str
    seconds: float
    versions: tuple[str, str, str]

    @classmethod
    def of(cls, claim: Claim, found: Measured, seconds: float) -> "Record":
        """The record of a claim that was measured here and now."""
        return cls(
            key=claim.key,
            numbers=found.numbers,
            verdict=claim.judge(found),
            finding=claim.finding(found),
            ran=claim.ran,
            seconds=seconds,
            versions=(version("recurrent-zoo"), torch.__version__, str(os.cpu_count())),
        )

    @property
    def rows(self) -> list[dict[str, str]]:
        """A row of the table for each number."""
        same = {
            "claim": self.key.upper(),
            "verdict": self.verdict.value,
            "finding": self.finding,
            "ran": self.ran,
            "seconds": f"{self.seconds:.1f}",
            **dict(zip(("zoo", "torch", "cores"), self.versions, strict=True)),
        }
        return [
            {
                **same,
                "what": number.what,
                "value": f"{number.value:.6g}",
                "spread": "" if number.spread is None else f"{number.spread:.3g}",
                "seeds": str(number.seeds),
                "published": number.published,
            }
            for number in self.numbers
        ]


def read(folder: Path) -> dict[str, Record]:
    """The claims that have been measured, by key; none where there is no table.

    Raises:
        ValueError: the table is another one.
    """
    path = folder / TABLE
    if not path.is_file():
        return {}
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    if rows and set(rows[0]) != set(COLUMNS):
        raise ValueError(f"{path} is no table of claims; expected the columns {', '.join(COLUMNS)}")
    keys = dict.fromkeys(row["claim"].lower() for row in rows)
    return {key: _record([row for row in rows if row["claim"].lower() == key]) for key in keys}


def _record(rows: Sequence[dict[str, str]]) -> Record:
    first = rows[0]
    return Record(
        key=first["claim"].lower(),
        numbers=[
            Number(
                what=row["what"],
                value=float(row["value"]),
                spread=float(row["spread"]) if row["spread"] else None,
                seeds=int(row["seeds"]),
                published=row["published"],
            )
            for row in rows
        ],
        verdict=Verdict(first["verdict"]),
        finding=first["finding"],
        ran=first["ran"],
        seconds=float(first["seconds"]),
        versions=(first["zoo"], first["torch"], first["cores"]),
    )


def write(records: Iterable[Record], folder: Path) -> None:
    """Writes the table, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    found = {record.key: record for record in records}
    with atomic_file(folder / TABLE) as file:
        lines = _Lines()
        writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for key in in_order(list(found)):
            writer.writerows(found[key].rows)
        file.write("".join(lines.written).encode())


class _Lines:
    """What csv writes to."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)
