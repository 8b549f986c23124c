"""Trains every registered cell on the digits, row by row, with the same number of parameters.

python recipes/results/cells.py
python recipes/results/cells.py indrnn mc_lstm --seeds 1 2 3 --jobs 2

Each run is that of `zoo fit --config recipes/classification/digits_rows_lstm.yaml
--model.network.encoder.cell=CELL`, in a process of its own. What is measured replaces the rows of these cells
in `cells_digits.csv`, run by run, so that a run of all can be stopped and gone on with.
"""

import argparse
import contextlib
import csv
import io
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import torch

import zoo
from zoo.cli import main as run_zoo

RESULTS = Path(__file__).resolve().parent
RECIPE = RESULTS.parent / "classification/digits_rows_lstm.yaml"
FILE = RESULTS / "cells_digits.csv"
OTHERS = {
    f"{{class_path: {spec}, init_args: {{{options}}}}}": f"{spec.removesuffix('Spec')} with {options}"
    for spec, options in [
        ("AntisymmetricRNNSpec", "dt: 0.5"),
        ("CoRNNSpec", "dt: 1.0"),
        ("FastRNNSpec", "alpha: 0.0, beta: 0.0"),
        ("FastWeightsSpec", "rate: 0.01"),
        ("GatedAntisymmetricRNNSpec", "dt: 0.5"),
        ("HGRN2Spec", "heads: 4"),
        ("IndRNNSpec", "longest: 8"),
        ("LinearAttentionSpec", "heads: 4"),
        ("LipschitzRNNSpec", "dt: 1.0"),
        ("MLSTMSpec", "heads: 4"),
        ("RGLRUSpec", "a_min: 0.1, a_max: 0.9"),
        ("UnICORNNSpec", "dt: 1.0"),
    ]
}
"""Cells with other options than by default, as recipes write them -> how the table names them."""
POSITIONS = " with positions"
"""What follows the name of a cell whose input holds the number of the row, too."""
BLIND = [
    cell + POSITIONS
    for cell in (
        "deltanet",
        "linear_attention",
        "{class_path: LinearAttentionSpec, init_args: {heads: 4}}",
    )
]
"""Cells that do not forget, and so hardly know what came first."""


def named(name: str) -> str:
    """What the table calls a cell."""
    cell = name.removesuffix(POSITIONS)
    return OTHERS.get(cell, cell) + name[len(cell) :]


def accuracy(job: tuple[str, int]) -> dict[str, str]:
    """The row of a cell and a seed; without an accuracy where the run failed."""
    name, seed = job
    cell = name.removesuffix(POSITIONS)
    torch.set_num_threads(1)
    line = [
        "fit",
        "--config",
        str(RECIPE),
        f"--model.network.encoder.cell={cell}",
        f"--data.positions={str(name.endswith(POSITIONS)).lower()}",
        f"--seed_everything={seed}",
    ]
    said, start = io.StringIO(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run_zoo(line)
        tables = list(Path(folder).rglob("metrics.csv"))
        rows = [row for path in tables for row in csv.DictReader(path.read_text().splitlines())]
    found = {key: row[key] for row in rows for key in ("val/accuracy", "test/accuracy") if row.get(key)}
    if code:
        print(cell, *said.getvalue().strip().splitlines()[-1:])
    return {
        "cell": named(name),
        "seed": str(seed),
        "val/accuracy": "",
        "test/accuracy": "",
        **found,
        "seconds": f"{time.perf_counter() - start:.0f}",
        "torch": torch.__version__,
    }


def kept() -> dict[tuple[str, str], dict[str, str]]:
    """The rows that are there, by cell and seed."""
    rows = csv.DictReader(FILE.read_text().splitlines()) if FILE.is_file() else []
    return {(row["cell"], row["seed"]): row for row in rows if row["test/accuracy"]}


def write(rows: dict[tuple[str, str], dict[str, str]]) -> None:
    """Writes the file anew, in one piece."""
    ordered = [rows[key] for key in sorted(rows)]
    with tempfile.NamedTemporaryFile("w", dir=RESULTS, newline="", delete=False) as file:
        writer = csv.DictWriter(file, list(ordered[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)
    Path(file.name).replace(FILE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the cells that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cells", nargs="*", help="names; by default all that have no rows yet")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args(arguments)
    rows = kept()
    jobs = [
        (cell, seed) for seed in given.seeds for cell in given.cells or (*zoo.list_cells(), *OTHERS, *BLIND)
    ]
    jobs = [(cell, seed) for cell, seed in jobs if given.cells or (named(cell), str(seed)) not in rows]
    # each in a process of its own, forked from this one, which has torch and Lightning already
    with multiprocessing.get_context("fork").Pool(given.jobs, maxtasksperchild=1) as pool:
        for row in pool.imap_unordered(accuracy, jobs):
            rows[row["cell"], row["seed"]] = row
            write(rows)
            print(row["cell"], row["seed"], row["test/accuracy"], row["seconds"], flush=True)
    means = {
        cell: fmean(float(row["test/accuracy"] or "nan") for (name, _), row in rows.items() if name == cell)
        for cell in {name for name, _ in rows}
    }
    for cell, mean in sorted(means.items(), key=lambda item: item[1]):
        print(f"{mean:.3f} {cell}")


if __name__ == "__main__":
    main()
