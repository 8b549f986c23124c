"""Measures recipes through the command line and writes one table per question beside this file.

python recipes/results/measure.py quickstart adding depth
python recipes/results/measure.py sentiment sentiment_folds --root rt-polarity.all
python recipes/results/measure.py ptb --root FOLDER
python recipes/results/measure.py sunspots --root sunspots.csv
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

RESULTS = Path(__file__).resolve().parent
RECIPES = RESULTS.parent


@dataclass(frozen=True)
class Run:
    """One recipe with options, run once for each seed; its gradient picture may be kept under a name.

    A name says in a table what the options come to; with folds each seed is a cross-validation.
    """

    recipe: str
    options: tuple[str, ...] = ()
    name: str = ""
    seeds: tuple[int, ...] = (1,)
    split_by_seed: bool = False
    folds: int | None = None
    picture: str | None = None


ATTENTION = {"attention": (), "no attention": ("--model.decoder.attention=none",)}
"""Name -> options of a translator with what its recipe says, and without."""
SHAKESPEARE = "language_modelling/tiny_shakespeare_lstm.yaml"
TABLES = {
    "quickstart": [Run("classification/digits_bilstm_residual.yaml", seeds=(1, 2, 3))],
    "digits_pixels": [Run("classification/digits_pixels_gru.yaml")],
    "digits_pixels_linear": [
        Run(
            "classification/digits_pixels_gru.yaml",
            (
                f"--model.network.encoder.cell={cell}",
                "--model.network.encoder.hidden_size=64",
                f"--model.network.encoder.num_layers={layers}",
                "--model.network.encoder.wiring=residual",
                f"--model.optimizer.lr={0.003 if name == 'JANET' else 0.01}",
                "--trainer.max_epochs=12",
                "--model.schedule.options.T_max=12",
            ),
            name=f"{name.lower()}, {layers} layers" + ", chrono 64" * ("chrono" in cell),
            seeds=(1, 2, 3),
        )
        for name in ("MinGRU", "MinLSTM", "SRU", "JANET")
        for cell in (name.lower(), f"{{class_path: {name}Spec, init_args: {{chrono: 64}}}}")
        for layers in (2, 4)
    ],
    "depth": [
        Run(
            f"classification/digits_8_layers_{wiring}.yaml",
            seeds=tuple(range(1, 9)),
            picture=f"gradients_{wiring}.png" if wiring in ("plain", "residual") else None,
        )
        for wiring in ("plain", "residual", "highway", "dense")
    ],
    "adding": [Run(f"regression/adding_problem_{cell}.yaml") for cell in ("elman", "lstm", "gru")],
    "copy_memory": [Run("classification/copy_memory_lstm.yaml")],
    "python_docs": [Run("language_modelling/python_docs_lstm.yaml")],
    "sentiment": [Run("classification/labelled_text_bilstm_max.yaml", seeds=(1, 2, 3), split_by_seed=True)],
    "sentiment_folds": [Run("classification/labelled_text_bilstm_max.yaml", folds=10)],
    "sst5": [Run("classification/labelled_text_bilstm_max.yaml", seeds=(1, 2, 3))],
    "shakespeare": [
        Run(
            SHAKESPEARE,
            (
                *("--data.batch_size=12", "--trainer.max_steps=2000", "--model.schedule=null"),
                *("--trainer.check_val_every_n_epoch=null", "--trainer.val_check_interval=1000"),
                *("--model.network.encoder.params=700_000", "--model.network.embedding_size=128"),
            ),
            name="lstm of 0.7M, 2,000 updates of 12 x 64",
        ),
        *(
            Run(SHAKESPEARE, (f"--model.network.encoder.cell={cell}",), name=cell)
            for cell in ("lstm", "gru", "mingru", "elman")
        ),
    ],
    "mnist_rows": [Run("classification/mnist_rows_lstm.yaml")],
    "sunspots": [Run("forecasting/sunspots_gru.yaml", seeds=(1, 2, 3))],
    "electrical_equipment": [Run("forecasting/electrical_equipment_gru.yaml", seeds=(1, 2, 3))],
    "seattle_weather": [Run("forecasting/seattle_weather_student_t.yaml", seeds=(1, 2, 3))],
    "co2_weekly": [Run("forecasting/co2_weekly_gru.yaml", seeds=(1, 2, 3))],
    "japanese_vowels": [Run("classification/japanese_vowels_bigru.yaml", seeds=(1, 2, 3))],
    "dyck2": [
        Run("tagging/dyck2_lstm.yaml", options, name=name, seeds=(1, 2, 3))
        for name, options in (("lstm", ()), ("elman", ("--model.network.encoder.cell=elman",)))
    ],
    "hidden_spans": [
        Run("tagging/hidden_spans_bilstm_crf.yaml", options, name=name, seeds=(1, 2, 3))
        for name, options in (("CRF", ()), ("no CRF", ("--model.crf=false",)))
    ],
    "ud_ewt": [
        Run(f"tagging/ud_ewt_{name}.yaml", seeds=(1, 2, 3))
        for name in ("lstm", "bilstm", "bilstm_characters")
    ],
    "jsb_chorales": [
        Run("music/jsb_chorales_lstm.yaml", name="lstm", seeds=(1, 2, 3)),
        Run("music/jsb_chorales_elman.yaml", name="elman", seeds=(1, 2, 3)),
        Run("music/jsb_chorales_lstm.yaml", ("--model.network.encoder.cell=gru",), "gru", seeds=(1, 2, 3)),
    ],
    "agreement": [
        Run(
            "classification/agreement_lstm.yaml",
            (f"--model.network.encoder.cell={cell}",),
            name=cell,
            seeds=(1, 2, 3),
        )
        for cell in ("lstm", "gru", "elman")
    ],
    "dates": [
        Run("translation/dates_gru_attention.yaml", options, name=name, seeds=(1, 2, 3))
        for name, options in ATTENTION.items()
    ],
    "string_reversal": [
        Run("translation/string_reversal_lstm.yaml", options, name=name, seeds=(1, 2, 3))
        for name, options in ATTENTION.items()
    ],
    "symbol_runs": [Run("transcription/symbol_runs_bilstm_ctc.yaml", seeds=(1, 2, 3))],
    "ptb": [Run("language_modelling/ptb_zaremba_small.yaml")],
}


def measure(run: Run, seed: int, root: str | None, is_timed: bool) -> list[dict[str, str]]:
    """Runs a recipe in an empty folder and reads its metrics back from the run's own table, one row.

    Of a cross-validation it is a row for each fold, then their mean and standard deviation.
    """
    command = [str(Path(sys.executable).parent / "zoo"), "fit", "--config", str(RECIPES / run.recipe)]
    command += [f"--seed_everything={seed}", *run.options]
    command += [f"--data.seed={seed}"] if run.split_by_seed else []
    command += [f"--data.root={Path(root).resolve()}"] if root else []
    command += [f"--folds={run.folds}"] if run.folds else []
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True)
        seconds = time.perf_counter() - start
        (table,) = Path(folder).rglob("folds.csv" if run.folds else "metrics.csv")
        if run.picture is not None and seed == run.seeds[0]:
            shutil.copy(table.parent / "gradients.png", RESULTS / run.picture)
        rows = list(csv.DictReader(table.read_text().splitlines()))
    told = {
        "recipe": run.recipe,
        **({"what": run.name} if run.name else {}),
        "options": " ".join(run.options),
        "seed": str(seed),
    }
    where = {
        **({"seconds": f"{seconds:.0f}"} if is_timed else {}),
        "torch": torch.__version__,
        "cores": str(os.cpu_count()),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }
    if run.folds:
        return [{**told, "fold": row["fold"], **_metrics([row]), **where} for row in rows]
    return [{**told, **_metrics(rows), **where}]


def _metrics(rows: list[dict[str, str]]) -> dict[str, str]:
    """The last of each metric of validation and test data."""
    found = {
        key: value
        for row in rows
        for key, value in row.items()
        if value and key.startswith(("val/", "test/"))
    }
    return dict(sorted(found.items()))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Writes a table anew."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Measures the tables that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="+", choices=sorted(TABLES))
    parser.add_argument("--root", help="folder or file of the data, for recipes that need one")
    parser.add_argument("--untimed", action="store_true", help="leave out seconds: the machine is busy")
    arguments = parser.parse_args()
    for name in arguments.tables:
        rows = []
        for run in TABLES[name]:
            for seed in run.seeds:
                rows += measure(run, seed, arguments.root, not arguments.untimed)
                write(RESULTS / f"{name}.csv.begun", rows)
        Path(RESULTS / f"{name}.csv.begun").replace(RESULTS / f"{name}.csv")
        print((RESULTS / f"{name}.csv").read_text())


if __name__ == "__main__":
    main()
