"""What has been measured, in one table: a row for each number, the claims in their order."""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import final

import torch

from zoo.claims import CLAIMS
from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, in_order
from zoo.runs.atomic_file import atomic_file

TABLE = "claims.csv"
COLUMNS = (
    *("claim", "what", "value", "spread", "seeds", "published", "known", "limit", "verdict", "finding"),
    *("ran", "rule", "command", "seconds", "zoo", "torch", "cores", "fingerprint"),
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
        rule: As it was when this was measured.
        command: What measures it so again.
        seconds: How long it took.
        versions: Of the zoo and of torch, and the number of cores.
        fingerprint: Of all that decides the numbers; see `fingerprint`.
    """

    key: str
    numbers: Sequence[Number]
    verdict: Verdict
    finding: str
    ran: str
    rule: str
    command: str
    seconds: float
    versions: tuple[str, str, str]
    fingerprint: str

    @classmethod
    def of(cls, claim: Claim, found: Measured, resources: Resources, seconds: float) -> "Record":
        """The record of a claim that was measured here and now."""
        return cls(
            key=claim.key,
            numbers=found.numbers,
            verdict=claim.judge(found),
            finding=claim.finding(found),
            ran=claim.ran,
            rule=claim.rule,
            command=command(claim, resources),
            seconds=seconds,
            versions=(version("recurrent-zoo"), torch.__version__, str(os.cpu_count())),
            fingerprint=fingerprint(claim, resources),
        )

    @property
    def is_full(self) -> bool:
        """Whether it was measured in its full form."""
        return "--full" in self.command.split()

    @property
    def rows(self) -> list[dict[str, str]]:
        """A row of the table for each number."""
        same = {
            "claim": self.key.upper(),
            "verdict": self.verdict.value,
            "seconds": f"{self.seconds:.1f}",
            **{name: getattr(self, name) for name in ("finding", "ran", "rule", "command", "fingerprint")},
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
                "known": number.known,
                "limit": "" if number.limit is None else f"{number.limit:g}",
            }
            for number in self.numbers
        ]


def command(claim: Claim, resources: Resources) -> str:
    """What measures a claim in this form."""
    full = ["--full"] * (claim == type(claim)().full() != type(claim)())
    root = ["--root FILE"] * (claim.reads_texts and resources.root is not None)
    return " ".join([f"zoo claims {claim.key.upper()}", *full, *root])


def fingerprint(claim: Claim, resources: Resources) -> str:
    """Eight letters that change with what decides the numbers: sizes, rule, version, texts."""
    said = [repr(claim), claim.rule, version("recurrent-zoo")]
    if claim.reads_texts and resources.root is not None:
        said.append(hashlib.sha256(resources.root.read_bytes()).hexdigest())
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:8]


def read(folder: Path) -> dict[str, Record]:
    """The claims that have been measured, by key; none where there is no table.

    Raises:
        ValueError: the table is another one, or is broken.
    """
    path = folder / TABLE
    if not path.is_file():
        return {}
    expected = "expected one that `zoo claims` has written; move it away, or give another --output"
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        keys = dict.fromkeys(row["claim"].lower() for row in rows)
        found = {key: _record([row for row in rows if row["claim"].lower() == key]) for key in keys}
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} cannot be read as a table of claims ({error!r}); {expected}") from error
    strange = [key for key in found if key not in CLAIMS]
    if strange:
        raise ValueError(f"{path} has a claim {strange[0].upper()!r}, and there is none; {expected}")
    return found


def _record(rows: Sequence[dict[str, str]]) -> Record:
    first = rows[0]
    return Record(
        key=first["claim"].lower(),
        numbers=[_number(row) for row in rows],
        verdict=Verdict(first["verdict"]),
        finding=first["finding"],
        ran=first["ran"],
        rule=first["rule"],
        command=first["command"],
        seconds=float(first["seconds"]),
        versions=(first["zoo"], first["torch"], first["cores"]),
        fingerprint=first["fingerprint"],
    )


def _number(row: dict[str, str]) -> Number:
    return Number(
        what=row["what"],
        value=float(row["value"]),
        spread=float(row["spread"]) if row["spread"] else None,
        seeds=int(row["seeds"]),
        published=row["published"],
        known=row["known"],
        limit=float(row["limit"]) if row["limit"] else None,
    )


def write(records: Iterable[Record], folder: Path) -> None:
    """Writes the table, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    found = {record.key: record for record in records}
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for key in in_order(list(found)):
        writer.writerows(found[key].rows)
    with atomic_file(folder / TABLE) as file:
        file.write(lines.getvalue().encode())
