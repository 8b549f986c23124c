"""A clinic: networks that are ill in known ways are inspected, and their advice is followed.

    python tests/clinic.py [--output FILE] [--jobs N] [--only WORD] [--short]

Each patient of `ward/patients.py` is inspected as it is initialised and after a training. Each line of the
advice that stands first is followed alone, with three seeds, and what it does to the metric is measured:
accuracy, or the mean squared error of the adding problem. A row is written for each line of advice when its
patient is done; patients whose rows are in the file already are left out, so that the clinic can go on where
it was ended. Rules and thresholds may be fitted on the earlier patients at even places of the list, and are
judged on the others and on those who came later, of whom the last ones, "fresh", were run only when no rule
was changed any more; the summary tells them apart.
"""

import argparse
import csv
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from zlib import crc32

import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from ward.patients import EARLIER, FRESH, PATIENTS, Patient  # noqa: E402 (the path is set above)
from ward.treatment import treated  # noqa: E402

OUTPUT = ROOT / "recipes/results/clinic.csv"
HALVES = ("fitted", "judged")
GROUPS = (*HALVES, "later", "fresh")
COLUMNS = (
    *(
        "patient",
        "half",
        "task",
        "illness",
        "said",
        "is_right",
        "said_after_training",
        "is_right_after",
        "also",
    ),
    *("advice", "before", "before_spread", "after", "after_spread", "effect", "seconds", "text"),
)
Row = Mapping[str, str]


def half(patient: Patient) -> str:
    """Whether rules are fitted on a patient, or judged, or judged by one who came when they stood."""
    if patient in EARLIER:
        return HALVES[PATIENTS.index(patient) % 2]
    return "fresh" if patient in FRESH else "later"


def mixed() -> list[Patient]:
    """All patients, so that a clinic that is ended early has seen some of each kind."""
    return sorted(PATIENTS, key=lambda patient: crc32(patient.name.encode()))


def rows_of(patient: Patient, short: bool) -> list[dict[str, str]]:
    """What was said of a patient, and what came of it."""
    torch.set_num_threads(1)
    for name in ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return [row | {"half": half(patient)} for row in treated(patient, short)]


def waiting(output: Path) -> list[Patient]:
    """The patients who are not in a table yet."""
    done = {row["patient"] for row in read(output)}
    return [patient for patient in mixed() if patient.name not in done]


def write(rows: Sequence[Row], output: Path) -> None:
    """Appends rows to a table."""
    is_new = not output.exists()
    with output.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(rows)


def summary(rows: Iterable[Row]) -> list[dict[str, str]]:
    """For each group and all: recall, false alarms, and what advice does."""
    rows = list(rows)
    lines = []
    for name in (*GROUPS, "all"):
        own = [row for row in rows if name in (row["half"], "all")]
        patients = list({row["patient"]: row for row in own}.values())
        ill = [row for row in patients if row["illness"] != "healthy"]
        well = [row for row in patients if row["illness"] == "healthy"]
        effects = [row["effect"] for row in own if row["effect"]]
        lines.append(
            {
                "half": name,
                "ill": str(len(ill)),
                "told right": _share([row["is_right"] == "True" for row in ill]),
                "told right after training": _share([row["is_right_after"] == "True" for row in ill]),
                "healthy": str(len(well)),
                "false alarms": _share([row["is_right"] != "True" for row in well]),
                "false alarms after training": _share([row["is_right_after"] != "True" for row in well]),
                "advice": str(len(effects)),
                "better": _share([effect == "better" for effect in effects]),
                "worse beyond spread": _share([effect == "worse" for effect in effects]),
            }
        )
    return lines


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits) / len(hits):.1%}" if hits else ""


def write_summary(output: Path) -> None:
    """Writes the summary of a table beside it, and prints it."""
    lines = summary(read(output))
    path = output.with_name(f"{output.stem}_summary.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    for line in lines:
        print("  ".join(f"{name} {value}" for name, value in line.items()))


def read(output: Path) -> list[Row]:
    """The rows of a table; none where there is none."""
    return list(csv.DictReader(output.read_text(encoding="utf-8").splitlines())) if output.exists() else []


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the clinic; see the top of this file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=OUTPUT, help="The table.")
    parser.add_argument("--jobs", type=int, default=1, help="Processes.")
    parser.add_argument("--only", default="", help="A group, or a part of the names of patients.")
    parser.add_argument("--short", action="store_true", help="One seed and a few steps.")
    given = parser.parse_args(arguments)
    patients = [each for each in waiting(given.output) if given.only in f"{half(each)}: {each.name}"]
    with ProcessPoolExecutor(given.jobs) as pool:
        for rows in pool.map(partial(rows_of, short=given.short), patients):
            write(rows, given.output)
            for row in rows:
                print(f"{row['patient']}: {row['said']} {row['advice']} {row['effect']}", flush=True)
    write_summary(given.output)


if __name__ == "__main__":
    main()
