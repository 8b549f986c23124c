"""The recipe that a run has kept repeats it, step by step."""

import csv

FIT = ("fit", "--config", "small.yaml", "--test_after_fit=false")


def losses(run):
    """The training loss of each step."""
    with (run / "metrics.csv").open() as file:
        return [row["train/loss"] for row in csv.DictReader(file) if row.get("train/loss")]


def test_it_repeats_each_of_twenty_steps(zoo, folder):
    assert zoo(*FIT, "--trainer.log_every_n_steps=1", "--trainer.limit_train_batches=20").code == 0
    first, second = (folder / f"runs/small/version_{run}" for run in (0, 1))
    assert zoo("fit", "--config", str(first / "config.yaml")).code == 0
    assert len(losses(first)) == 20
    assert losses(first) == losses(second)
