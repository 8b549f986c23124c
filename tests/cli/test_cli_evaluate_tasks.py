"""`zoo evaluate` of each task: its tables say what `zoo test` measures, and its page shows its maps."""

import json

import numpy as np
import pytest

from tests.report.pages import figures, parsed
from zoo.runs.evaluation import EVALUATION, read_evaluation
from zoo.trained import load

SMALL = ("--trainer.max_epochs=1", "--trainer.accelerator=cpu")


@pytest.fixture
def evaluated(zoo, folder):
    """Fits, evaluates and tests: the evaluation by the titles of its sheets, the metrics, and the folder."""

    def run(*recipe):
        fitted = zoo("fit", *recipe, *SMALL)
        assert fitted.code == 0, fitted.err
        path = folder / "runs/run/version_0"
        checkpoint = ("--ckpt_path", str(path / "checkpoints/last.ckpt"))
        outcome = zoo("evaluate", *checkpoint)
        assert outcome.code == 0, outcome.err
        found = read_evaluation(path / EVALUATION)
        words = zoo("test", *checkpoint).out.split("test/")[1:]
        metrics = {
            name: float(value.split()[0]) for name, _, value in (word.partition(" ") for word in words)
        }
        assert zoo("report", str(path)).code == 0
        return found, {sheet.title: sheet for sheet in found.sheets}, metrics, path

    return run


def column(sheet, name):
    return [row[list(sheet.head).index(name)] for row in sheet.rows]


def mean_of(sheet, name, weights="sequences"):
    """The mean of a column over all sequences, in hundredths where it is in hundredths."""
    counts = [int(count.replace(",", "")) for count in column(sheet, weights)]
    return np.average([float(cell.rstrip("%")) for cell in column(sheet, name)], weights=counts)


def test_answers_that_are_written_and_where_attention_looked(evaluated):
    data = ("--data=StringReversal", "--data.steps_per_epoch=100", "--data.test_size=60")
    encoder = ("--model.network.encoder.cell=gru", "--model.network.encoder.hidden_size=24")
    task = ("--model=SequenceToSequence", *encoder, "--model.optimizer.lr=0.01")
    found, sheets, metrics, path = evaluated(*task, *data)
    lengths = sheets["By length of the sequence"]
    assert mean_of(lengths, "exact") == pytest.approx(100 * metrics["exact_match"], abs=0.1)
    assert {"mean loss", "right", "error rate", "chrF"} <= set(lengths.head)
    worst = sheets["The worst"]
    assert all(
        true != said for true, said in zip(column(worst, "truth"), column(worst, "answer"), strict=True)
    )
    assert all(
        source == true[::-1]
        for source, true in zip(column(worst, "source"), column(worst, "truth"), strict=True)
    )
    (gallery,) = found.galleries
    assert len(gallery.grids) == 4
    for grid in gallery.grids:
        np.testing.assert_allclose(np.sum(grid.values, axis=1), 1, atol=1e-2)
        assert grid.rows[-1] == "end" or len(grid.rows) > len(grid.columns)
    shown = figures(parsed(path / "report.html"))["attention"]
    assert len(shown["panels"]) == 4
    again = load(path / "checkpoints/last.ckpt").attention([" ".join(grid.columns) for grid in gallery.grids])
    for grid, weights in zip(gallery.grids, again, strict=True):
        assert (list(weights.rows), list(weights.columns)) == (list(grid.rows), list(grid.columns))
        np.testing.assert_allclose(weights.values, grid.values, atol=1e-3)
    ticks = [panel["views"][0]["layout"]["xaxis"]["ticktext"] for panel in shown["panels"]]
    assert ticks == [list(grid.columns) for grid in gallery.grids]


def test_without_attention_there_is_no_map(evaluated):
    data = ("--data=StringReversal", "--data.steps_per_epoch=2", "--data.test_size=20")
    task = ("--model=SequenceToSequence", "--model.network.encoder.hidden_size=4")
    decoder = ("--model.decoder.stack.hidden_size=4", "--model.decoder.attention=none")
    found, _, _, path = evaluated(*task, *decoder, *data)
    assert found.galleries == []
    assert "attention" not in figures(parsed(path / "report.html"))
    with pytest.raises(ValueError, match="this SequenceToSequence has no attention; expected"):
        load(path).attention(["abc"])


def test_labels_without_places(evaluated):
    data = ("--data=SymbolRuns", "--data.steps_per_epoch=60", "--data.test_size=60", "--data.symbols=4")
    encoder = ("--model.network.encoder.cell=gru", "--model.network.encoder.hidden_size=16")
    task = ("--model=CTC", *encoder, "--model.network.pooling=none", "--model.optimizer.lr=0.02")
    _, sheets, metrics, _ = evaluated(*task, *data)
    edited = sheets["What is edited"]
    *kinds, total = column(edited, "times")
    assert sum(int(each) for each in kinds) == int(total)
    rate = float(column(edited, "per symbol asked for")[-1].rstrip("%"))
    assert rate == pytest.approx(100 * metrics["label_error_rate"], abs=0.1)
    often = sheets["The most frequent edits"]
    assert all(true != said for true, said, _ in often.rows)
    worst = sheets["The worst"]
    assert all(
        true != said for true, said in zip(column(worst, "truth"), column(worst, "answer"), strict=True)
    )


def test_a_text_that_is_gone_on_with(evaluated, folder):
    words = ["the cat sat\n", "on a mat, ", "and the dog ran\n"]
    (folder / "text.txt").write_text("".join(words[k % 3] for k in range(300)))
    data = ("--data=TextFile", "--data.root=text.txt", "--data.batch_size=4", "--data.steps=20")
    task = ("--model=LanguageModel", "--model.network.encoder.hidden_size=8")
    _, sheets, metrics, _ = evaluated(*task, *data)
    frequent = sheets["By frequency of the next symbol"]
    assert float(column(frequent, "bits each")[-1]) == pytest.approx(metrics["bits_per_character"], abs=2e-3)
    assert float(column(frequent, "perplexity")[-1]) == pytest.approx(metrics["perplexity"], rel=2e-3)
    assert {"␣", "⏎"} & set(column(sheets["The symbols that cost most"], "symbol"))
    assert all("\n" not in cell for sheet in sheets.values() for row in sheet.rows for cell in row)
    passages = sheets["The worst passages"]
    bits = [float(cell) for cell in column(passages, "bits per symbol")]
    assert bits == sorted(bits, reverse=True)
    first, last = (int(place) for place in passages.rows[0][0].replace(",", "").split(" to "))
    text = (folder / "text.txt").read_text()
    assert last - first + 1 == len(passages.rows[0][1])
    assert passages.rows[0][1].replace("⏎", "\n") in text


def test_numbers_are_drawn_over_the_truth(evaluated):
    data = ("--data=AddingProblem", "--data.length=8", "--data.steps_per_epoch=20", "--data.test_size=80")
    network = ("--model.network.encoder.hidden_size=8", "--model.network.pooling=last")
    found, sheets, metrics, path = evaluated("--model=SequenceRegressor", *network, *data)
    (row,) = sheets["By target"].rows
    assert float(row[1]) ** 2 == pytest.approx(metrics["mse"], rel=1e-2)
    assert float(row[2]) == pytest.approx(metrics["mae"], rel=1e-2)
    points, _ = found.drawings[0].curves
    errors = (np.array(points.x) - np.array(points.y)) ** 2
    assert errors.mean() == pytest.approx(metrics["mse"], rel=1e-3)
    worst = sheets["The worst"]
    pairs = zip(column(worst, "true"), column(worst, "prediction"), column(worst, "loss"), strict=True)
    for true, said, loss in pairs:
        assert (float(true) - float(said)) ** 2 == pytest.approx(float(loss), rel=0.05, abs=1e-2)
    traces = figures(parsed(path / "report.html"))["drawn-over-the-truth"]["traces"]
    assert [trace["mode"] for trace in traces] == ["markers", "lines+markers"]


def test_piano_rolls(evaluated, folder):
    random = np.random.default_rng(0)
    pieces = {
        f"{split}_{k}": (random.random((size, 12)) < 0.3).astype(np.uint8)
        for split in ("train", "valid", "test")
        for k, size in enumerate((9, 14, 11))
    }
    np.savez(folder / "rolls.npz", **pieces)
    data = ("--data=PianoRolls", "--data.root=rolls.npz", "--data.lowest=60")
    network = ("--model.network.encoder.hidden_size=6", "--model.network.pooling=none")
    found, sheets, metrics, path = evaluated("--model=MultiLabel", *network, *data)
    score = column(sheets["By label, those that hold most often"], "F1")[-1]
    assert float(score.rstrip("%").replace("-", "0")) == pytest.approx(100 * metrics["frame_f1"], abs=0.1)
    (gallery,) = found.galleries
    views = dict.fromkeys(grid.view for grid in gallery.grids)
    assert len(views) == 3
    for view in views:
        truth, shares, differ = (np.array(g.values) for g in gallery.grids if g.view == view)
        said = shares > 0.5
        assert (differ == np.select([(truth == 1) & said, truth == 1, said], [1, 2, 3], 0)).all()
        keys = [int(key) for key in gallery.grids[0].rows]
        assert keys == sorted(keys, reverse=True)
    first = np.array(gallery.grids[0].values)[::-1].T
    low = int(gallery.grids[0].rows[-1]) - 60
    assert (first == pieces["test_0"][1:, low : low + first.shape[1]]).all()
    shown = figures(parsed(path / "report.html"))["labels-over-time"]
    assert [len(panel["views"]) for panel in shown["panels"]] == [3, 3, 3]


def test_pairs_are_confused(evaluated, folder):
    rows = [f"a {word} text,another {word} one,same" for word in ("good", "bad", "dull")]
    rows += ["a good text,a bad one,other", "a dull text,a good one,other"]
    (folder / "pairs.csv").write_text("\n".join(["first,second,label", *rows * 20]))
    network = (
        "--model.network.encoder.hidden_size=4",
        "--model.network.pooling=max",
        "--model.network.pairs=true",
    )
    data = ("--data=LabelledPairs", "--data.root=pairs.csv")
    _, sheets, metrics, _ = evaluated("--model=PairClassifier", *network, *data)
    matrix = sheets["Which class (rows) was taken for which (columns)"]
    counts = np.array([row[1:] for row in matrix.rows], dtype=int)
    assert list(matrix.head[1:]) == ["other", "same"]
    assert np.trace(counts) / counts.sum() == pytest.approx(metrics["accuracy"], abs=1e-3)
    wrong = counts.sum() - np.trace(counts)
    assert len(sheets["The worst"].rows) == min(wrong, 10) if wrong else "The worst" not in sheets


def test_an_evaluation_of_the_version_before_is_read(zoo, folder):
    plain = {"sheets": [{"title": "t", "head": ["a"], "rows": [["1"]]}], "drawings": []}
    (folder / EVALUATION).write_text(json.dumps(plain))
    found = read_evaluation(folder / EVALUATION)
    assert found.sheets[0].title == "t"
    assert found.galleries == []


def test_signs_for_a_verdict_are_kept_and_not_told_at_each_epoch(zoo, folder):
    outcome = zoo("fit", "--config", "small.yaml")
    assert outcome.code == 0, outcome.err
    assert "val/accuracy" in outcome.out
    assert "said_most" not in outcome.out
    assert "val/said_most" in (folder / "runs/small/version_0/metrics.csv").read_text()


def numbers_of_series(folder):
    rows = [f"s{k},{step},{k % 10},{1000 + 10 * (k % 10)}" for k in range(60) for step in range(4)]
    (folder / "series.csv").write_text("\n".join(["id,time,value,number", *rows]) + "\n")
    return "Series", "{root: series.csv, id: id, time: time, number: number}"


def numbers_of_an_archive(folder):
    head = "@problemName Toy\n@timeStamps false\n@univariate true\n@targetlabel true\n@data\n"
    for part in ("TRAIN", "TEST"):
        lines = [f"{k % 10},{k % 10}:{1000 + 10 * (k % 10)}\n" for k in range(40)]
        (folder / f"Toy_{part}.ts").write_text(head + "".join(lines))
    return "TimeSeriesArchive", "{root: .}"


@pytest.mark.parametrize("write", [numbers_of_series, numbers_of_an_archive])
def test_numbers_are_in_the_units_of_the_data(evaluated, folder, write):
    name, options = write(folder)
    data = (f"--data={{class_path: {name}, init_args: {options}}}",)
    network = ("--model.network.encoder.hidden_size=4", "--model.network.pooling=last")
    found, sheets, _, _ = evaluated("--model=SequenceRegressor", *network, *data)
    (row,) = sheets["By target"].rows
    points, _ = found.drawings[0].curves
    assert {round(x, 3) for x in points.x} <= {1000.0 + 10 * k for k in range(10)}
    assert min(points.y) > 900
    errors = np.array(points.x) - np.array(points.y)
    assert float(row[1]) == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-3)
    worst = sheets["The worst"]
    true = "true" if "true" in worst.head else "given_label"
    pairs = zip(column(worst, true), column(worst, "prediction"), column(worst, "loss"), strict=True)
    shares = [(float(one) - float(other)) ** 2 / float(loss) for one, other, loss in pairs]
    assert shares == pytest.approx([shares[0]] * len(shares), rel=0.2)  # the loss is of scaled numbers
    assert shares[0] > 100


def test_tags_that_do_not_count_are_not_wrong(evaluated, folder):
    """Of what is not known, `_`, and of a tag that training data does not have."""

    def sentences(count, last):
        tags = ("NOUN", "_", last)
        lines = "".join(f"{k + 1}\tw{k}\tw\t{tag}\t_\t_\t0\troot\t_\t_\n" for k, tag in enumerate(tags))
        return "\n".join([lines] * count)

    for part, last in (("train", "VERB"), ("dev", "VERB"), ("test", "ADJ")):
        text = sentences(12, "VERB") + "\n" + sentences(12, last).replace("NOUN", "VERB")
        (folder / f"{part}.conllu").write_text(text)
    data = ("--data={class_path: TaggedText, init_args: {root: ., unseen: ignore}}",)
    network = ("--model.network.encoder.hidden_size=2", "--model.network.pooling=none")
    _, sheets, _, _ = evaluated("--model=SequenceTagger", *network, *data)
    wrong = column(sheets["The worst"], "said wrongly")
    assert any("w0" in cell for cell in wrong)
    assert not any("w1" in cell or "None" in cell or "ADJ" in cell for cell in wrong)
