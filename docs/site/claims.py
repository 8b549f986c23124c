"""A page for each claim that was measured, and the one that leads to them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from docs.site.markdown import ADDRESS, link, plain, table
from zoo.claims.base import claim
from zoo.claims.page import section
from zoo.claims.record import Record

DOCS = Path(__file__).resolve().parents[1]
LISTED = ("Said by:", "Run:", "Rule:", "`zoo ")
"""How the lines of a section begin that stand below each other."""


def claim_page(key: str, record: Record) -> str:
    """The page of a claim: the verdict, its pictures, what was run, the rule, the numbers."""
    names = [f"{key.upper()}{suffix}" for suffix in (".gif", ".png")]
    there = [name for name in names if (DOCS / "claims" / name).exists()]
    _, _, *lines = section(record, there)
    return "\n".join([f"# {key.upper()}: {plain(claim(key).says)}\n", *map(_line, lines)])


def claim_index(records: Mapping[str, Record], keys: Sequence[str]) -> str:
    """The page of all claims as it stands in docs, but for what its table leads to."""
    above = (DOCS / "claims.md").read_text(encoding="utf-8").partition("\n| | claim")[0]
    listed = table(["", "claim", "verdict", "found"], _rows(records, keys))
    pages = "\n".join(f"{key.upper()} <claims/{key}>" for key in keys)
    return f"{above}\n\n{listed}\n\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"


def _rows(records: Mapping[str, Record], keys: Sequence[str]) -> Iterator[list[str]]:
    for key in keys:
        says, found = plain(claim(key).says), plain(records[key].finding)
        yield [f"[{key.upper()}](claims/{key}.md)", says, records[key].verdict.value, found]


def _line(text: str) -> str:
    if not text.startswith(LISTED):
        return text
    return "- " + re.sub(ADDRESS, lambda found: link(found[0]), text)
