"""Writes the tables of README and docs from the files that `measure.py` and its sisters wrote.

    python recipes/results/tables.py

A table stands below a line `<!-- FILE: COLUMN, COLUMN, ... -->`. Below `<!-- FILE by COLUMN: NUMBER -->`
stand the mean and the range of a number over all rows that agree in a column; below `<!-- FILE by COLUMN
across OTHER: NUMBER -->` the means alone, side by side for each value of another column. `where COLUMN=A|B`
before the colon takes those rows alone whose column has one of these values, `and OTHER=C` those of them that
have this, too.
"""

import csv
import re
from pathlib import Path
from statistics import fmean

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PLACE = re.compile(
    r"(<!-- (?P<file>\S+\.csv)(?: by (?P<by>\S+))?(?: across (?P<across>\S+))?"
    r"(?: where (?P<where>\S+=[^:]+))?: (?P<columns>[^>]*) -->\n)(?:\|.*\n)*"
)


Row = dict[str, str]


def table(place: re.Match[str]) -> str:
    """The rows of a file as a Markdown table, or what they come to in groups."""
    rows = list(csv.DictReader((ROOT / place["file"]).read_text(encoding="utf-8").splitlines()))
    for condition in place["where"].split(" and ") if place["where"] else []:
        column, _, values = condition.partition("=")
        rows = [row for row in rows if row[column] in values.split("|")]
    columns = place["columns"].split(", ")
    if place["by"] is None:
        lines = [columns, *([row[column] for column in columns] for row in rows)]
    elif place["across"] is None:
        lines = _ranges(rows, place["by"], *columns)
    else:
        lines = _across(rows, place["by"], place["across"], *columns)
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(map(_short, line))} |\n" for line in lines)


def filled(text: str) -> str:
    """A page with every table written anew."""
    return PLACE.sub(lambda place: place[1] + table(place), text)


def _ranges(rows: list[Row], by: str, number: str) -> list[list[str]]:
    """Mean, lowest and highest of each group, below a heading."""
    lines = [[by, "runs", f"mean {number}", "lowest", "highest"]]
    for group in dict.fromkeys(row[by] for row in rows):
        values = [float(row[number]) for row in rows if row[by] == group]
        lines.append([group, *map(str, (len(values), fmean(values), min(values), max(values)))])
    return lines


def _across(rows: list[Row], by: str, across: str, number: str) -> list[list[str]]:
    """The mean of each group for each value of another column, below these values."""
    others = list(dict.fromkeys(row[across] for row in rows))
    lines = [[by, *(f"{across} {other}" if other.isdigit() else other for other in others)]]
    for group in dict.fromkeys(row[by] for row in rows):
        found = [
            [float(row[number]) for row in rows if (row[by], row[across]) == (group, other)]
            for other in others
        ]
        lines.append([group, *(f"{fmean(values):.12g}" if values else "" for values in found)])
    return lines


def _short(value: str) -> str:
    """A number with four significant digits; anything else as it is."""
    try:
        return value if value.isdigit() else f"{float(value):.4g}"
    except ValueError:
        return value


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
