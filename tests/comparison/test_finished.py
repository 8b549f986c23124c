"""`zoo compare RUN_FOLDER ...` on runs that never were: what is read, grouped, decided and drawn."""

import csv
import json

import pytest

from zoo.comparison.curves import curves_of

RECIPE = """\
seed_everything: {seed}
model: {{class_path: SequenceClassifier, init_args: {{network: {{encoder: {{cell: {cell}}}}}}}}}
"""
ACCURACIES = {
    "gru": (0.90, 0.91, 0.92, 0.93, 0.94, 0.95),
    "lstm": (0.80, 0.82, 0.81, 0.85, 0.84, 0.83),
    "elman": (0.89, 0.92, 0.91, 0.94, 0.93, 0.95),
}


def run(path, cell, seed, accuracy):
    path.mkdir(parents=True)
    (path / "config.yaml").write_text(RECIPE.format(seed=seed, cell=cell))
    told = {"model": f"SequenceClassifier {cell}-1x8, 1,234 parameters", "seconds": 10.0 + seed}
    (path / "environment.json").write_text(json.dumps(told))
    rows = [
        "epoch,step,val/loss,val/accuracy,test/loss,test/accuracy",
        "1,10,0.9,0.5,,",
        "2,20,0.4,0.7,,",
        "3,30,0.6,0.8,,",
        f"3,30,,,0.3,{accuracy}",
    ]
    (path / "metrics.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture
def runs(folder):
    """Three cells with six seeds, each cell in a folder of versions."""
    for cell, accuracies in ACCURACIES.items():
        for version, accuracy in enumerate(accuracies):
            run(folder / f"runs/{cell}/version_{version}", cell, version + 1, accuracy)
    return [f"runs/{cell}" for cell in ACCURACIES]


def table(text, title):
    """The rows of a printed table by their first word."""
    lines = text[text.index(title) :].split("\n\n")[1].splitlines()
    return {line.split()[0]: line.split() for line in lines}


def test_versions_are_seeds_and_the_table_has_mean_and_deviation(zoo, folder, runs):
    outcome = zoo("compare", *runs)
    assert outcome.code == 0, outcome.err
    found = table(outcome.out, "test/accuracy, mean of 6 runs, higher is better")
    assert found["gru"][:6] == ["gru", "*", "gru-1x8", "1,234", "0.925", "0.019"]
    assert found["lstm"][:5] == ["lstm", "lstm-1x8", "1,234", "0.825", "0.019"]
    assert found["lstm"][5:7] == ["6", "13.5"]


def test_only_what_is_sure_is_called_better_or_worse(zoo, runs):
    """All six differences of the lstm have one sign: p is 2 / 64, by Holm twice that."""
    alone = zoo("compare", *runs[:2]).out
    assert table(alone, "test/accuracy less that of gru")["lstm"][-2:] == ["0.031", "worse"]
    assert "can be reached" not in alone
    all_three = zoo("compare", *runs).out
    found = table(all_three, "test/accuracy less that of gru")
    assert found["lstm"][-4:] == ["0.062", "worse,", "if", "normal"]
    assert found["elman"][-1] == "undecided"
    assert "With 6 seeds no p below 0.062 can be reached for 2 comparisons at once" in all_three
    held = zoo("compare", *runs[:2], "--against", "lstm").out
    assert table(held, "test/accuracy less that of lstm")["gru"][-2:] == ["0.031", "better"]


def test_seeds_that_do_not_pair_are_not_tested(zoo, folder):
    for seed, cell in ((1, "gru"), (2, "lstm")):
        run(folder / f"runs/{cell}/version_0", cell, seed, 0.9)
    outcome = zoo("compare", "runs/gru", "runs/lstm")
    assert outcome.code == 0, outcome.err
    assert "less that of" not in outcome.out


def test_another_metric_and_that_of_the_best_epoch_in_validation(zoo, runs):
    lower = zoo("compare", *runs, "--metric", "loss").out
    assert "test/loss, mean of 6 runs, lower is better" in lower
    best = zoo("compare", *runs, "--metric=val/accuracy").out
    assert table(best, "val/accuracy, mean of 6 runs")["gru"][3] == "0.7"
    outcome = zoo("compare", *runs, "--metric", "acuracy")
    assert outcome.code == 2
    assert "no metric 'acuracy' in all of the runs; did you mean" in outcome.err


def test_runs_are_only_read_and_what_is_written_goes_where_it_is_told_to(zoo, folder, runs):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert zoo("compare", *runs).code == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert zoo("compare", *runs, "--output", "told").code == 0
    with (folder / "told/compare.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18
    assert [(row["variant"], row["seed"], row["test/accuracy"]) for row in rows[:2]] == [
        ("gru", "1", "0.9"),
        ("gru", "2", "0.91"),
    ]
    assert "| lstm | lstm-1x8 |" in (folder / "told/compare.md").read_text()
    assert (folder / "told/compare.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_that_was_cut_short_is_a_row_and_no_number(zoo, folder, runs):
    (folder / "runs/lstm/version_2/metrics.csv").write_text("epoch,step,val/loss\n1,10,nan\n")
    outcome = zoo("compare", *runs[:2])
    assert outcome.code == 0, outcome.err
    assert table(outcome.out, "test/accuracy, mean of")["lstm"][5:8] == ["5", "of", "6"]
    assert "Failed: lstm, seed 3: nothing was measured" in outcome.out
    for version in range(6):
        (folder / f"runs/gru/version_{version}/metrics.csv").write_text("epoch,step,val/loss\n1,10,nan\n")
    others = zoo("compare", *runs).out
    assert table(others, "test/accuracy, mean of")["gru"][3:7] == ["–", "–", "0", "of"]
    assert list(table(others, "test/accuracy less that of lstm")) == ["variant", "elman"]


def test_a_run_that_went_on_in_another_version_is_one_run(zoo, folder):
    """Its best epoch is in the first, what it took back is not, and its test is in the second."""
    run(folder / "seed_1/version_0", "gru", 1, "")
    run(folder / "seed_1/version_1", "gru", 1, 0.9)
    rows = [
        "epoch,step,val/loss,val/accuracy,test/accuracy",
        "3,30,0.5,0.75,",
        "4,40,0.6,0.95,",
        "4,40,,,0.8",
    ]
    (folder / "seed_1/version_1/metrics.csv").write_text("\n".join(rows) + "\n")
    outcome = zoo("compare", "seed_1", "--output", "told")
    assert outcome.code == 0, outcome.err
    (told,) = csv.DictReader((folder / "told/compare.csv").read_text().splitlines())
    assert (told["test/accuracy"], told["val/loss"], told["val/accuracy"]) == ("0.8", "0.4", "0.7")
    curve = curves_of(folder / "seed_1/version_1")["val/accuracy"]
    assert dict(zip(curve.steps, curve.values, strict=True)) == {10: 0.5, 20: 0.7, 30: 0.75, 40: 0.95}


def test_two_runs_of_one_recipe_and_seed_are_refused(zoo, folder):
    for name in ("a", "b"):
        run(folder / f"runs/{name}/version_0", "gru", 1, 0.9)
    outcome = zoo("compare", "runs/a", "runs/b")
    assert outcome.code == 2
    said = "runs/a/version_0 and runs/b/version_0 are of one recipe and seed; expected one of them"
    assert outcome.err == f"zoo: error: {said}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("runs/gru", "runs/gru"), "the run 'runs/gru/version_0' is named twice; expected different runs"),
        (("runs/gru", "small"), "runs/gru is a folder of runs and small is none; expected one kind"),
        (("runs/gru", "--params=9"), "runs/gru is a folder of finished runs, and --params is for new ones"),
        (("runs/gru", "--trainer.max_epochs=9"), "runs/gru is a folder of finished runs, and --trainer.max"),
        (("runs/gru", "--against=gruu"), "unknown variant 'gruu'; did you mean 'gru'?"),
        (("runs",), "'runs' is not the folder of a run; it holds those of several runs"),
    ],
)
def test_mistakes_with_folders(zoo, runs, arguments, said):
    outcome = zoo("compare", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(f"zoo: error: {said}"), outcome.err
    assert len(outcome.err.splitlines()) == 1
