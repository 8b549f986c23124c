"""What is said about claims that were measured: a page, and lines in a terminal."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from zoo.claims.base import Verdict, claim, in_order
from zoo.claims.record import Record
from zoo.pictures.wording import number

PARTS: Mapping[str, str] = {
    "s": "Systems",
    "v": "Gradients that vanish",
    "x": "Gradients that explode",
    "l": "What the LSTM does",
    "g": "What the GRU does",
    "d": "Depth",
    "b": "Both directions",
}
"""First letter of a key -> heading."""


def page(records: Mapping[str, Record], begin: str, folder: str, pictures: Collection[str]) -> str:
    """The page in Markdown.

    Args:
        records: Of the claims that have been measured.
        begin: What stands above them.
        folder: Of the pictures, as seen from the page.
        pictures: Names of those that are there.
    """
    keys = in_order(list(records))
    parts = [begin, summary(records.values()), "", *_overview(records)]
    for letter, heading in PARTS.items():
        mine = [key for key in keys if key[0] == letter]
        parts += [f"\n## {heading}\n"] * bool(mine)
        for key in mine:
            shown = [name for name in (f"{key.upper()}.gif", f"{key.upper()}.png") if name in pictures]
            parts += section(records[key], [folder + name for name in shown])
    return "\n".join(parts).rstrip() + "\n"


def summary(records: Iterable[Record]) -> str:
    """How many claims there are of each verdict."""
    found = Counter(record.verdict for record in records)
    counts = (f"{found[each]} × {each.value}" for each in Verdict if found[each])
    return f"Of {found.total()} measured: {', '.join(counts)}."


def _overview(records: Mapping[str, Record]) -> list[str]:
    rows = ["| | claim | verdict | found |", "| --- | --- | --- | --- |"]
    for key in in_order(list(records)):
        record = records[key]
        says = claim(key).says
        cells = (f"[{key.upper()}](#{key})", says, record.verdict.value, record.finding)
        rows.append(_row(cells))
    return rows


def section(record: Record, pictures: Sequence[str]) -> list[str]:
    """The lines about one claim, below a heading.

    Args:
        record: What was measured.
        pictures: Where its pictures are, as seen from the page.
    """
    asked, key = claim(record.key), record.key.upper()
    return [
        f'<a id="{record.key}"></a>',
        f"### {key}: {asked.says}\n",
        f"**{record.verdict.value.capitalize()}**: {record.finding}.\n",
        *(f"![{record.finding}]({picture})\n" for picture in pictures),
        f"Said by: {asked.source}.",
        f"Run: {record.ran}.",
        f"Rule: {record.rule}.",
        f"`{record.command}`, {record.seconds:.0f} s.\n",
        *_numbers(record),
        "",
    ]


def _numbers(record: Record) -> list[str]:
    headings = ("", "measured", "spread", "seeds", "published", "known, or at most")
    rows = [_row(headings), _row(["---"] * len(headings))]
    for each in record.numbers:
        spread = "" if each.spread is None else number(each.spread)
        known = each.known if each.limit is None else number(each.limit)
        cells = (each.what, number(each.value), spread, str(each.seeds), each.published, known)
        rows.append(_row(cells))
    return rows


def _row(cells: Iterable[str]) -> str:
    """A row of a table, in which a bar ends no cell."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def told(record: Record) -> list[str]:
    """What is printed about a claim: the sentence, what was run, the rule, numbers, the verdict."""
    asked = claim(record.key)
    wide = max(len(each.what) for each in record.numbers)
    lines = [f"{record.key.upper():<4}{asked.says}", f"    run    {record.ran}", f"    rule   {record.rule}"]
    for each in record.numbers:
        spread = "" if each.spread is None else f" ± {number(each.spread)}"
        beside = f"   published {each.published}" if each.published else ""
        beside += f"   known {each.known}" if each.known else ""
        beside += f"   at most {number(each.limit)}" if each.limit is not None else ""
        lines.append(f"    {each.what:<{wide}}  {number(each.value)}{spread}{beside}")
    return [*lines, f"    {record.verdict.value}: {record.finding} ({record.seconds:.0f} s)"]
