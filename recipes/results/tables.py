"""Writes the tables of README and docs from the files that `measure.py` and its sisters wrote.

    python recipes/results/tables.py

A table stands below a line `<!-- FILE: COLUMN, COLUMN, ... -->`. Below `<!-- FILE by COLUMN: NUMBER -->`
stand the mean and the range of a number over all rows that agree in a column. `where COLUMN=A|B` behind FILE
takes those rows alone whose column has one of these values.
"""

import csv
import re
from pathlib import Path
from statistics import fmean

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PLACE = re.compile(
    r"(<!-- (?P<file>\S+\.csv)(?: by (?P<by>\S+))?(?: where (?P<where>\S+=[^:]+))?: "
    r"(?P<columns>[^>]*) -->\n)(?:\|.*\n)*"
)


def table(file: str, by: str | None, where: str | None, columns: list[str]) -> str:
    """The rows of a file as a Markdown table, or what they come to in groups."""
    rows = list(csv.DictReader((ROOT / file).read_text(encoding="utf-8").splitlines()))
    if where is not None:
        column, _, values = where.partition("=")
        rows = [row for row in rows if row[column] in values.split("|")]
    if by is None:
        lines = [columns, *([row[column] for column in columns] for row in rows)]
    else:
        (number,) = columns
        lines = [[by, "runs", f"mean {number}", "lowest", "highest"]]
        for group in dict.fromkeys(row[by] for row in rows):
            values = [float(row[number]) for row in rows if row[by] == group]
            lines.append([group, *map(str, (len(values), fmean(values), min(values), max(values)))])
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(map(_short, line))} |\n" for line in lines)


def filled(text: str) -> str:
    """A page with every table written anew."""
    return PLACE.sub(
        lambda match: (
            match[1] + table(match["file"], match["by"], match["where"], match["columns"].split(", "))
        ),
        text,
    )


def _short(value: str) -> str:
    """A number with four significant digits; anything else as it is."""
    try:
        return value if value.isdigit() else f"{float(value):.4g}"
    except ValueError:
        return value


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
