"""Writes docs/claims.md, its pictures and claims.csv from a folder that `zoo claims` has filled.

zoo claims --animate --root rt-polarity.all --output FOLDER && python recipes/results/claims.py FOLDER
"""

import shutil
import sys
from pathlib import Path

from zoo.claims.page import page
from zoo.claims.record import TABLE, read

RESULTS = Path(__file__).resolve().parent
DOCS = RESULTS.parents[1] / "docs"
BEGIN = """\
# Claims, measured

What lectures and papers say about recurrent networks, sentence by sentence: what was run, the rule that
decides, and what came out, also where it contradicts the sentence. Rules stood before the runs shown here;
sizes, and the rules of V2, V4, X1 and L3, were settled after trials. `zoo claims V1` measures one of them,
`zoo claims` all of them, `--full` in a longer form. This page is written by

    zoo claims --animate --root rt-polarity.all --output FOLDER && python recipes/results/claims.py FOLDER

where rt-polarity.all is the movie reviews of Pang & Lee, 2005, for B1 alone.
"""


def main(folder: Path) -> None:
    """Copies the table and the pictures, and writes the page."""
    records, pictures = read(folder), DOCS / "claims"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir()
    for path in sorted([*folder.glob("*.png"), *folder.glob("*.gif")]):
        if path.stem.lower() in records:
            shutil.copy(path, pictures)
    shutil.copy(folder / TABLE, RESULTS / TABLE)
    (DOCS / "claims.md").write_text(written(), encoding="utf-8")


def written() -> str:
    """The page, of the table and the pictures that are kept."""
    pictures = sorted(path.name for path in (DOCS / "claims").iterdir())
    return page(read(RESULTS), BEGIN, "claims/", pictures)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
