"""Trains every registered cell on one task, in two layers with as many parameters as those of any other.

python recipes/results/cells.py digits
python recipes/results/cells.py digits --cells indrnn mc_lstm --seeds 1 2 3 --jobs 2
python recipes/results/cells.py mnist_rows --root FOLDER --seeds 1
python recipes/results/cells.py adding copy --seeds 1

Each run is that of `zoo fit` with the recipe and the options of the task, in a process of its own. What is
measured replaces the rows of these cells in `cells_TASK.csv`, run by run, so that a run of all can be stopped
and gone on with. Where a task has several lengths, a cell meets the next one only if it has learned the last.
"""

import argparse
import contextlib
import csv
import io
import math
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch

import zoo
from zoo.cli import main as run_zoo

RESULTS = Path(__file__).resolve().parent
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


@dataclass(frozen=True, kw_only=True)
class Task:
    """What cells are trained on.

    Attributes:
        recipe: Below `recipes`.
        options: Of the command line, besides the cell.
        metrics: What is kept of the run's last table.
        lengths: Steps of the data, from short to long, where these differ.
        chance: Of a length, the loss of the best answer that looks at nothing; a cell has learned the length
            where its test loss is at most half of it.
        variants: Cells besides the registered ones.
    """

    recipe: str
    options: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ("val/accuracy", "test/accuracy")
    lengths: tuple[int, ...] = ()
    chance: Callable[[int], float] | None = None
    variants: tuple[str, ...] = ()


def two_layers(params: int) -> str:
    """The option for a network of two layers."""
    return f"--model.network.encoder={{num_layers: 2, hidden_size: 128, params: {params}}}"


TASKS = {
    "digits": Task(recipe="classification/digits_rows_lstm.yaml", variants=(*OTHERS, *BLIND)),
    "mnist_rows": Task(
        recipe="classification/mnist_rows_lstm.yaml",
        options=(two_layers(50_000), "--trainer.max_epochs=1", "--model.schedule=null"),
    ),
    "adding": Task(
        recipe="regression/adding_problem_lstm.yaml",
        options=(
            two_layers(20_000),
            "--model.optimizer.lr=0.01",
            "--data.steps_per_epoch=200",
            "--trainer.callbacks+=EarlyStopping",
            "--trainer.callbacks.monitor=val/mse",
            "--trainer.callbacks.stopping_threshold=0.005",
            "--trainer.callbacks.patience=6",
        ),
        metrics=("test/loss",),
        lengths=(100, 200, 400),
        chance=lambda length: 1 / 6,
    ),
    "copy": Task(
        recipe="classification/copy_memory_lstm.yaml",
        options=(
            two_layers(20_000),
            "--model.optimizer={name: Adam, lr: 0.01}",
            "--data.steps_per_epoch=200",
            "--trainer.max_epochs=6",
        ),
        metrics=("test/loss",),
        lengths=(100, 200, 400),
        chance=lambda length: 10 * math.log(8) / (length + 20),
    ),
}


@dataclass(frozen=True)
class Job:
    """One run: of a task, a cell, a length and a seed."""

    task: str
    cell: str
    length: int | None
    seed: int
    root: str | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells its row from others."""
        return named(self.cell), str(self.length or ""), str(self.seed)


def named(name: str) -> str:
    """What the table calls a cell."""
    cell = name.removesuffix(POSITIONS)
    return OTHERS.get(cell, cell) + name[len(cell) :]


def command(job: Job) -> list[str]:
    """The command line of a job."""
    task, cell = TASKS[job.task], job.cell.removesuffix(POSITIONS)
    line = ["fit", "--config", str(RESULTS.parent / task.recipe), *task.options]
    line += [f"--model.network.encoder.cell={cell}", f"--seed_everything={job.seed}"]
    line += ["--data.positions=true"] if job.cell.endswith(POSITIONS) else []
    line += [f"--data.length={job.length}"] if job.length else []
    line += [f"--data.root={Path(job.root).resolve()}"] if job.root else []
    return line


def measured(job: Job) -> dict[str, str]:
    """The row of a job; without metrics where the run failed."""
    torch.set_num_threads(1)
    said, start = io.StringIO(), time.perf_counter()
    line = command(job)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run_zoo(line)
        tables = list(Path(folder).rglob("metrics.csv"))
        rows = [row for path in tables for row in csv.DictReader(path.read_text().splitlines())]
        os.chdir(RESULTS)
    metrics = TASKS[job.task].metrics
    found = {key: row[key] for row in rows for key in metrics if row.get(key)}
    if code:
        print(job.cell, *said.getvalue().strip().splitlines()[-1:])
    return {
        "cell": named(job.cell),
        **({"length": str(job.length)} if job.length else {}),
        "seed": str(job.seed),
        **dict.fromkeys(metrics, ""),
        **found,
        "seconds": f"{time.perf_counter() - start:.0f}",
        "torch": torch.__version__,
    }


Rows = dict[tuple[str, str, str], dict[str, str]]


def kept(path: Path) -> Rows:
    """The rows that are there and have their metrics."""
    rows = csv.DictReader(path.read_text().splitlines()) if path.is_file() else []
    return {
        (row["cell"], row.get("length", ""), row["seed"]): row
        for row in rows
        if row.get("test/accuracy") or row.get("test/loss")
    }


def write(path: Path, rows: Rows) -> None:
    """Writes the file anew, in one piece."""
    ordered = [rows[key] for key in sorted(rows, key=lambda key: (key[0], int(key[1] or 0), key[2]))]
    with tempfile.NamedTemporaryFile("w", dir=RESULTS, newline="", delete=False) as file:
        writer = csv.DictWriter(file, list(ordered[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)
    Path(file.name).replace(path)


def has_learned(task: Task, length: int, rows: Rows, cell: str, seed: int) -> bool:
    """Whether a cell may go on to the next length."""
    row = rows.get((named(cell), str(length), str(seed)), {"test/loss": ""})
    return float(row["test/loss"] or "inf") <= task.chance(length) / 2


def measure(name: str, given: argparse.Namespace) -> None:
    """All runs of one task that are asked for, length by length."""
    task, path = TASKS[name], RESULTS / f"cells_{name}.csv"
    rows, cells = kept(path), given.cells or (*zoo.list_cells(), *task.variants)
    for before, length in pairwise((None, *(task.lengths or (None,)))):
        jobs = [
            Job(name, cell, length, seed, given.root)
            for seed in given.seeds
            for cell in cells
            if before is None or has_learned(task, before, rows, cell, seed)
        ]
        jobs = [job for job in jobs if given.cells or job.key not in rows]
        # each in a process of its own, forked from this one, which has torch and Lightning already
        with multiprocessing.get_context("fork").Pool(given.jobs, maxtasksperchild=1) as pool:
            for job, row in zip(jobs, pool.imap(measured, jobs), strict=True):
                rows[job.key] = row
                write(path, rows)
                print(*row.values(), flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the tasks and cells that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="+", choices=sorted(TASKS))
    parser.add_argument("--cells", nargs="*", help="names; by default all that have no rows yet")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--root", help="folder or file of the data, for tasks that need one")
    given = parser.parse_args(arguments)
    for task in given.tasks:
        measure(task, given)


if __name__ == "__main__":
    main()
