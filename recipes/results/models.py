"""Writes what there is to say about each named model: `models.csv`, from which docs/models.md has its tables.

python recipes/results/models.py
python recipes/results/tables.py
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from zoo.catalogue import MODELS

FILE = Path(__file__).resolve().parent / "models.csv"


def rows() -> Iterator[dict[str, str]]:
    """A row for each model, in alphabetical order."""
    for name, model in MODELS.items():
        address = model.paper.removeprefix(f"{model.authors}, ")
        yield {
            "model": name,
            "what it is": model.summary,
            "task": model.task,
            "parameters": f"{model.parameters:,}",
            "published": model.stated,
            "of": model.counted if model.published else "",
            "paper": f"[{model.authors}]({address})",
            "deviations": model.deviations,
        }


if __name__ == "__main__":
    found = list(rows())
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
