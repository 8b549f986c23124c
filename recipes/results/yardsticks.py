"""Trains recurrent networks beside a Transformer and a TCN, to say when another network is the better choice.

    python recipes/results/yardsticks.py --root tinyshakespeare.txt
    python recipes/results/yardsticks.py copy --contenders gru tcn --seeds 5
    python recipes/results/yardsticks.py --root tinyshakespeare.txt --time

All contenders of a task have about as many parameters, embedding and head among them, see the same batches in
the same order, and take the same number of updates with the same optimiser. The learning rate of each is that
of `RATES` with the lowest validation loss in a run with seed 0; seeds from 1 on decide the first weights of
the runs that are tested. `yardsticks.csv` keeps the numbers of a run as soon as it is done, and a run that it
has is not repeated: with another text, or other settings, begin without the file. `--time` writes
`yardsticks_time.csv`, see `yardstick_times.py`.
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from yardstick_contenders import CONTENDERS, built, parameters
from yardstick_tasks import YardstickTask, measured, sizes_of, tasks, train
from yardstick_times import write_times

RESULTS = Path(__file__).resolve().parent
FILE = RESULTS / "yardsticks.csv"
RATES = (1e-3, 3e-3, 1e-2, 3e-2)
TUNING_SEED = 0
Row = dict[str, str]


@dataclass(frozen=True)
class Run:
    """A contender trained once for a task."""

    task: str
    contender: str
    rate: float
    seed: int

    def told(self) -> Row:
        """What its rows begin with."""
        return {name: str(value) for name, value in vars(self).items()}


def rows_of(run: Run, task: YardstickTask) -> list[Row]:
    """Trains and measures: on validation data to choose a rate, else on test data of every length."""
    data = task.data(task.length)
    data.setup()
    torch.manual_seed(run.seed)
    network = built(run.contender, sizes_of(data), task.budget)
    train(network, task, data, run.rate)
    told = run.told() | {"updates": str(task.updates), "parameters": str(parameters(network))}
    split = "val" if run.seed == TUNING_SEED else "test"
    return [
        told | {"split": split, "length": str(length), "metric": metric, "value": f"{value:.6g}"}
        for length in (task.length, *(task.others if split == "test" else ()))
        for metric, value in measured(network, task.measures, task.data(length).loader(split)).items()
    ]


class Results:
    """The rows of a file, which grows run by run."""

    def __init__(self, file: Path) -> None:
        self.file = file
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        self.rows = list(csv.DictReader(text.splitlines()))

    def of(self, run: Run, task: YardstickTask) -> list[Row]:
        """The rows of a run, which is made if there are none."""
        told = run.told().items()
        found = [row for row in self.rows if told <= row.items()]
        if not found:
            found = rows_of(run, task)
            self.rows += found
            self.write()
            print(*(f"{row['metric']} {row['value']}" for row in found), run, flush=True)
        return found

    def write(self) -> None:
        """Writes the file anew, in one piece."""
        rows = sorted(self.rows, key=lambda row: (row["task"], list(CONTENDERS).index(row["contender"])))
        fresh = self.file.with_suffix(".part")
        with fresh.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        fresh.replace(self.file)


def best_rate(results: Results, name: str, contender: str, task: YardstickTask) -> float:
    """The learning rate with the lowest validation loss."""

    def loss(rate: float) -> float:
        return float(results.of(Run(name, contender, rate, TUNING_SEED), task)[0]["value"])

    return min(RATES, key=loss)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the tasks and contenders that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = tasks(None)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"by default all: {', '.join(known)}")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--seeds", type=int, default=3, help="runs with the best learning rate")
    parser.add_argument("--root", type=Path, help="the text to model; by default Python's documentation")
    parser.add_argument("--time", action="store_true", help="measure times instead; the machine must be idle")
    given = parser.parse_args(arguments)
    if unknown := set(given.tasks) - set(known):
        parser.error(f"unknown task {min(unknown)!r}; expected some of {', '.join(known)}")
    chosen = {name: task for name, task in tasks(given.root).items() if name in (given.tasks or known)}
    if given.time:
        write_times(chosen, given.contenders)
        return
    results = Results(FILE)
    for name, task in chosen.items():
        for contender in given.contenders:
            rate = best_rate(results, name, contender, task)
            for seed in range(1, given.seeds + 1):
                results.of(Run(name, contender, rate, seed), task)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    main()
