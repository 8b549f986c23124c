"""`zoo evaluate`: what it finds is what `zoo test` and `zoo predict` say, and the page shows it."""

import csv
from pathlib import Path

import numpy as np
import pytest

from zoo.runs.evaluation import EVALUATION, read_evaluation

WHOLE = "--trainer.limit_test_batches=1.0"


@pytest.fixture
def fitted(zoo, folder):
    """The folder of a run on digits."""
    assert zoo("fit", "--config", "small.yaml").code == 0
    return folder / "runs/small/version_0"


def test_a_run_is_evaluated_and_its_page_shows_it(zoo, fitted):
    path = str(fitted / "checkpoints/last.ckpt")
    outcome = zoo("evaluate", "--ckpt_path", path)
    assert outcome.code == 0, outcome.err
    for words in ("By class", "precision", "Which class (rows)", "The worst"):
        assert words in outcome.out
    sheets = {sheet.title: sheet for sheet in read_evaluation(fitted / EVALUATION).sheets}
    assert zoo("predict", "--ckpt_path", path, "--output=said.csv").code == 0
    with Path("said.csv").open(encoding="utf-8", newline="") as file:
        labels = [int(row["label"]) for row in csv.DictReader(file)]
    told = sheets["Which class (rows) was taken for which (columns)"]
    assert (
        np.array([row[1:] for row in told.rows], dtype=int).sum(0).tolist()
        == np.bincount(labels, minlength=10).tolist()
    )
    tested = float(zoo("test", "--ckpt_path", path, WHOLE).out.split("test/accuracy ")[1].split()[0])
    assert sheets["By class"].rows[-1][2] == f"{tested:.1%}"
    assert zoo("report", str(fitted)).code == 0
    page = (fitted / "report.html").read_text()
    assert "What it gets wrong" in page
    assert "The worst" in page


def test_a_broken_evaluation_leaves_the_rest_of_the_page(zoo, fitted):
    (fitted / EVALUATION).write_text('[{"title": 3}]')
    assert zoo("report", str(fitted)).code == 0
    assert "does not hold an evaluation" in (fitted / "report.html").read_text()


def test_without_targets_nothing_can_be_evaluated(zoo, folder):
    rows = [f"a {label} text,{label}" for label in ("good", "bad")] * 20
    (folder / "texts.csv").write_text("\n".join(["text,label", *rows]))
    (folder / "new.csv").write_text("text\na new one\n")
    data = ("--data=LabelledText", "--data.root=texts.csv")
    model = (
        "--model=SequenceClassifier",
        "--model.network.encoder.cell=gru",
        "--model.network.encoder.hidden_size=4",
    )
    pooled = ("--model.network.pooling=max", "--trainer.max_epochs=1", "--trainer.accelerator=cpu")
    assert zoo("fit", *model, *pooled, *data).code == 0
    path = "runs/run/version_0/checkpoints/last.ckpt"
    assert zoo("evaluate", "--ckpt_path", path).code == 0
    refused = zoo(
        "evaluate",
        "--ckpt_path",
        path,
        "--config",
        "runs/run/version_0/config.yaml",
        "--data.predict=new.csv",
    )
    assert refused.code == 2
    assert "evaluate needs to know what is right" in refused.err


def test_forecasts_are_drawn_over_the_truth(zoo, folder):
    (folder / "waves.csv").write_text(
        "\n".join(["level", *(str(step % 6 + step / 50) for step in range(200))])
    )
    assert zoo("init", "waves.csv").code == 0
    assert (
        zoo("fit", "--config", "waves.yaml", "--trainer.max_epochs=1", "--trainer.accelerator=cpu").code == 0
    )
    run = folder / "runs/waves/version_0"
    assert zoo("evaluate", "--ckpt_path", str(run / "checkpoints/last.ckpt")).code == 0
    best, middle, worst_of_all = read_evaluation(run / EVALUATION).drawings
    lines = {curve.name: dict(zip(curve.x, curve.y, strict=True)) for curve in worst_of_all.curves}
    assert max(lines["past"]) == 0
    assert lines["truth"].keys() == lines["forecast"].keys()
    wave = [lines["past"][0.0], lines["truth"][1.0]]
    assert wave[1] - wave[0] == pytest.approx(1.02, abs=1e-3) or wave[1] - wave[0] == pytest.approx(
        -4.98, abs=1e-3
    )

    def error(drawing):
        curves = {curve.name: np.array(curve.y) for curve in drawing.curves}
        return np.abs(curves["truth"] - curves["forecast"]).mean()

    assert error(best) <= error(middle) <= error(worst_of_all)
    assert zoo("report", str(run)).code == 0
    assert "The worst: item" in (run / "report.html").read_text()
