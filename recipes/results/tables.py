"""Writes the tables of the README from the files that `measure.py` and its sisters wrote.

    python recipes/results/tables.py

A table stands below a line `<!-- FILE: COLUMN, COLUMN, ... -->`.
"""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r"(<!-- (?P<file>\S+\.csv): (?P<columns>[^>]*) -->\n)(?:\|.*\n)*")


def table(file: str, columns: list[str]) -> str:
    """The rows of a file as a Markdown table."""
    rows = list(csv.DictReader((ROOT / file).read_text(encoding="utf-8").splitlines()))
    lines = [columns, ["---"] * len(columns), *([_short(row[column]) for column in columns] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def filled(text: str) -> str:
    """The README with every table written anew."""
    return PLACE.sub(lambda match: match[1] + table(match["file"], match["columns"].split(", ")), text)


def _short(value: str) -> str:
    """A number with four significant digits; anything else as it is."""
    try:
        return value if value.isdigit() else f"{float(value):.4g}"
    except ValueError:
        return value


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8")), encoding="utf-8")
