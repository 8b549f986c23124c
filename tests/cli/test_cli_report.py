"""`zoo report` from the command line, on what `zoo fit` has left."""

import json

import pytest


def test_a_fit_leaves_what_its_page_needs(zoo, folder, monkeypatch):
    monkeypatch.setattr("sys.argv", ["zoo", "fit", "--config", str(folder / "small.yaml")])
    monkeypatch.setattr("pathlib.Path.home", lambda: folder)
    assert zoo("fit", "--config", "small.yaml", "--trainer.logger", "true").code == 0
    (run,) = (folder / "runs").glob("*/version_0")
    environment = json.loads((run / "environment.json").read_text())
    assert environment["command"] == "zoo fit --config ~/small.yaml"
    assert environment["model"].startswith("SequenceClassifier bi-lstm-2x8-residual")
    assert environment["device"] == "cpu"
    done = zoo("report", run.parent)
    assert (done.code, done.out) == (0, f"report    {run / 'report.html'}\n")
    page = (run / "report.html").read_text(encoding="utf-8")
    assert environment["model"] in page
    assert "test/loss" in page
    assert str(folder) not in page


def test_a_comparison_leaves_the_pages_of_its_runs_alone(zoo, folder):
    runs = [folder / "runs" / name for name in ("gru/version_0", "gru/version_1", "lstm/version_0")]
    runs += [folder / "runs" / f"elman/version_{k}" for k in range(3)]
    for run in runs:
        run.mkdir(parents=True)
        (run / "metrics.csv").write_text("epoch,step,val/loss\n0,1,0.5\n")
        assert zoo("report", run).out == f"report    {run / 'report.html'}\n"
    own = {run: (run / "report.html").read_bytes() for run in runs}
    gru = folder / "runs" / "gru"
    for compared, name in [
        (runs[:2], "gru_version_0_and_gru_version_1.html"),
        (runs[1:3], "gru_and_lstm.html"),
        (runs, "gru_version_0_and_5_more.html"),
    ]:
        assert zoo("report", *compared).out == f"report    {gru / name}\n"
        page = (gru / name).read_text(encoding="utf-8")
        assert all(run.parent.name in page for run in compared)
    assert {run: (run / "report.html").read_bytes() for run in runs} == own
    assert len(list(gru.glob("*.html"))) == 3
    assert zoo("report", "runs/gru", "runs/lstm").out == "report    runs/gru/gru_and_lstm.html\n"
    assert "of several runs" in zoo("report", "--help").out


def test_help_is_one_usage_and_reads_no_run(zoo):
    done = zoo("report", "--help")
    assert done.code == 0
    assert done.out.startswith("usage: zoo report RUN_FOLDER")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no folder of a run"),
        (("nowhere",), "no folder 'nowhere'"),
        ((".",), "is not the folder of a run"),
        (("run", "run"), "named twice"),
        (("run", "--outptu", "x"), "did you mean '--output'"),
        (("run", "--output"), "--output needs the name of a file"),
        (("run", "--output", "."), "is a folder"),
        (("run", "--output", "nowhere/page.html"), "there is no folder 'nowhere'"),
    ],
)
def test_a_mistake_is_answered_in_a_sentence(zoo, folder, arguments, words):
    (folder / "run").mkdir()
    (folder / "run" / "metrics.csv").write_text("epoch,step,val/loss\n0,1,0.5\n")
    done = zoo("report", *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1
    assert list(folder.rglob("*.html")) == []
