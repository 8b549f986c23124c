"""What stands in a page, and that it stands there whatever the files hold."""

import base64
import hashlib
import json
import re
import shutil

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.report.folders import EVENT, beyond, make_run, metrics, passage, record
from tests.report.pages import figures, matrix, parsed, section, views
from zoo.pictures.looks import RUNS
from zoo.report import write_report
from zoo.report.run import read_run
from zoo.report.words import final_numbers
from zoo.runs.gradient_records import append_gradients

FILES = {
    "metrics.csv": ("curves", "curves"),
    "gradients.jsonl": ("gradient-by-layer", "gradients by layer"),
    "through_time.jsonl": ("gradient-against-lag", "gradient through time"),
}
HOSTILE = "<img src=x onerror=alert(1)><b>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("reports") / "runs" / "plain" / "version_0")


@pytest.fixture
def own(run, tmp_path):
    """A copy of the run to spoil."""
    return shutil.copytree(run, tmp_path / "runs" / "plain" / "version_0")


@pytest.mark.parametrize(
    ("name", "best"),
    [
        ("val/loss", "0.25"),
        ("val/mase", "0.25"),
        ("val/smape", "0.25"),
        ("val/bits_per_character", "0.25"),
        ("val/label_error_rate", "0.25"),
        ("val/accuracy", "0.75"),
        ("val/span_f1", "0.75"),
        ("val/exact_match", "0.75"),
        ("val/mse_last_value", None),
        ("val/alike_answers", None),
    ],
)
def test_the_best_of_a_measure_is_the_smallest_or_the_largest_or_nothing(tmp_path, name, best):
    lines = [f"{value},{step},{step}" for step, value in enumerate((0.5, 0.25, 0.75, 0.5))]
    (tmp_path / "metrics.csv").write_text("\n".join([f"{name},epoch,step", *lines, ""]))
    said = dict(final_numbers([read_run(tmp_path, "own", 0)]).rows)[name]
    assert said.startswith("0.5")
    assert f"(best {best} at step" in said if best else "best" not in said


def written(tmp_path, *folders):
    return parsed(write_report(folders, tmp_path / "page.html"))


def test_a_page_says_what_the_files_say(run, tmp_path):
    page = written(tmp_path, run)
    assert page.only("title").text == "plain"
    assert "lstm-3x8, 1,234 parameters · 2026-01-02 03:04 UTC" in page.only("header").text
    assert "reaches layer 1" in section(page, "verdict").text
    assert "wiring: residual" in [code.text for code in section(page, "verdict").all("code")]
    rows = dict(section(page, "numbers").only("table").rows()[1:])
    assert rows["test/loss"] == "0.625"
    assert rows["progress"] == "2 of 2 epochs"
    assert rows["val/loss"].endswith("at step 36)")
    assert EVENT["text"] in section(page, "what-the-guard-did").text
    assert "default_root_dir: ~/work" in section(page, "config").only("pre").text
    assert ["command", "zoo fit --config plain"] in section(page, "config").only("table").rows()


def test_the_same_files_make_the_same_page(run, tmp_path):
    first, second = (write_report([run], tmp_path / name) for name in ("one.html", "two.html"))
    assert first.read_bytes() == second.read_bytes()


def test_every_figure_is_one_that_plotly_knows(run, tmp_path):
    for content in figures(written(tmp_path, run)).values():
        for _, shown in views(content):
            for traces, layout in shown:
                go.Figure(data=traces, layout=layout)


def test_every_figure_has_its_numbers_in_words(run, tmp_path):
    page = written(tmp_path, run)
    for name in figures(page):
        part = section(page, name)
        assert all(
            plot.attributes["role"] == "img" and plot.attributes["aria-label"]
            for plot in part.all("div")
            if plot.attributes.get("class") == "plot"
        )
        assert name == "gradient-against-lag-over-training" or list(part.only("details").all("td"))


def test_only_scripts_of_known_hash_may_run_and_nothing_may_be_fetched(run, tmp_path):
    page = written(tmp_path, run)
    policy = page.only("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert policy.startswith("default-src 'none';")
    scripts = [script for script in page.all("script") if "type" not in script.attributes]
    digests = [hashlib.sha256("".join(script.children).encode()).digest() for script in scripts]
    assert re.findall(r"'sha256-(.*?)'", policy) == [base64.b64encode(digest).decode() for digest in digests]
    assert not [
        one
        for tag in ("script", "img", "iframe", "link")
        for one in page.all(tag)
        if re.match(r"https?:|//", one.attributes.get("src") or one.attributes.get("href") or "")
    ]


def test_what_files_say_is_shown_and_never_run(tmp_path):
    run = make_run(tmp_path / HOSTILE / "version_0")
    (run / "config.yaml").write_text(f"model: '</pre></script><script>alert(2)</script>{HOSTILE}'\n")
    (run / "metrics.csv").write_text(f"epoch,step,val/{HOSTILE}</script>\n0,1,0.5\n")
    (run / "events.jsonl").write_text(json.dumps({**EVENT, "text": HOSTILE}) + "\n")
    (run / "environment.json").write_text(json.dumps({"model": HOSTILE, "command": "</script>"}))
    page = written(tmp_path, run)
    assert not list(page.all("img"))
    assert not list(page.all("b"))
    assert page.only("h1").text == HOSTILE
    assert HOSTILE in section(page, "what-the-guard-did").text
    assert "<script>alert(2)</script>" in section(page, "config").only("pre").text
    names = [trace.get("name", "") for content in figures(page).values() for trace in content["traces"]]
    assert not [name for name in names if "<" in name]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("spoil", ["missing", "empty"])
def test_a_part_without_its_file_is_left_out_and_said_so(own, tmp_path, file, spoil):
    (own / file).unlink()
    if spoil == "empty":
        (own / file).touch()
    page = written(tmp_path, own)
    name, words = FILES[file]
    said = " ".join(note.text for note in section(page, name).all("p", **{"class": "note"}))
    assert file in said
    assert words in said
    assert not list(section(page, name).all("figure"))
    others = {other for other, _ in FILES.values()} - {name}
    assert all(list(section(page, other).all("figure")) for other in others)


@pytest.mark.parametrize("file", [*FILES, "events.jsonl"])
def test_the_last_line_of_a_crashed_run_is_left_out_and_said_so(own, tmp_path, file):
    whole = (own / file).read_bytes()
    more = b"1,0.5,1.0,999,0.1,44,,77.7" if file == "metrics.csv" else whole.splitlines()[-1][:-9]
    (own / file).write_bytes(whole + more)
    page = written(tmp_path, own)
    name = FILES[file][0] if file in FILES else "what-the-guard-did"
    (note,) = section(page, name).all("p", **{"class": "note"})
    assert note.text.startswith(f"1 line of {file} could not be read")
    assert "77.7" not in page.only("main").text


def test_a_number_that_a_crash_cut_in_two_is_not_believed(own, tmp_path):
    text = metrics()
    (own / "metrics.csv").write_text(text[: text.rindex("0.625") + 3])
    rows = section(written(tmp_path, own), "numbers").only("table").rows()
    assert "test/loss" not in [row[0] for row in rows]
    assert ["progress", "2 of 2 epochs"] in rows


def test_a_run_that_crashed_in_its_first_epoch_says_so(own, tmp_path):
    (own / "metrics.csv").write_text("epoch,step,train/loss\n0,3,2.5\n")
    rows = section(written(tmp_path, own), "numbers").only("table").rows()
    assert ["progress", "in epoch 1 of 2: it ended early, or is still going on"] in rows
    assert ["train/loss", "2.5"] in rows


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\xff\xfe{[",
        b"[1,2]\n3\nnull\n",
        b'{"step": "x", "state": 3}\n{"step":1,"state":{"a":5}}\n',
        b'{"step": 1, "epoch": [], "kind": 2, "text": 3, "state": {"a": 5}, "weight": {}}\n',
        b'{"step": 1, "state": {}, "weight": {}}\n',
    ],
)
def test_garbage_makes_a_page_too(own, tmp_path, garbage):
    for file in (*FILES, "events.jsonl", "environment.json", "config.yaml"):
        (own / file).write_bytes(garbage)
    page = written(tmp_path, own)
    assert not figures(page)
    assert all(list(section(page, name).all("p", **{"class": "note"})) for name, _ in FILES.values())


def test_nan_is_a_gap_and_is_said(own, tmp_path):
    (own / "metrics.csv").write_text(metrics(loss=lambda step: float("nan") if step >= 20 else 1.0))
    append_gradients(own / "gradients.jsonl", record(40, broken=True))
    page = written(tmp_path, own)
    said = " ".join(note.text for note in section(page, "curves").all("p", **{"class": "note"}))
    assert "train/loss was NaN or infinite 5× of 10, first at step 20" in said
    assert ["train/loss", "not finite"] in section(page, "numbers").only("table").rows()
    ((_, ((traces, _),)),) = views(figures(page)["gradient-by-layer"])
    assert [trace["x"] for trace in traces if trace["name"] == "NaN or infinity"] == [[40]]


def test_a_strip_holds_the_shares_of_the_entries(run, tmp_path):
    ((_, shown),) = views(figures(written(tmp_path, run))["histograms-of-the-gradient-over-time"])
    traces, layout = shown[0]
    strips = {trace["name"]: trace for trace in traces}
    assert list(strips) == ["head", "layer 3", "layer 2", "layer 1"]
    for name, exponent in {"layer 1": -4, "layer 2": -3, "layer 3": -2, "head": -1}.items():
        table = matrix(strips[name]["z"])
        # Half percents: a quarter of the entries in the lower bin, three quarters in the one above.
        assert np.unique(table, axis=1).tolist() == [[50], [150]]
        assert strips[name]["y0"] == exponent + 0.25
    assert layout["yaxis"]["range"] == layout["yaxis4"]["range"]
    after = {trace["name"]: trace["y0"] for trace in shown[1][0]}
    assert after["layer 1"] == -4.75
    gates = [trace["name"] for trace in shown[2][0]]
    assert gates[0] == "layer 1 forward i input"
    assert len(gates) == 12


def test_the_share_from_further_back_is_that_of_the_series(run, tmp_path):
    ((_, shown),) = views(figures(written(tmp_path, run))["gradient-against-lag"])
    traces, _ = shown[-1]
    assert traces[0]["y"][:3] == pytest.approx([beyond(0.5, lag) for lag in range(3)], rel=1e-4)


def test_what_lies_beyond_the_last_kept_lag_counts_as_further_back(own, tmp_path):
    entry = passage(40, decay=0.5, steps=5)
    rest = dict.fromkeys(entry["weight"], sum(0.5**lag for lag in range(5, 20)))
    with (own / "through_time.jsonl").open("a") as file:
        file.write(json.dumps(entry | {"rest": rest}) + "\n")
    ((_, shown),) = views(figures(written(tmp_path, own))["gradient-against-lag"])
    traces, _ = shown[-1]
    assert traces[0]["y"] == pytest.approx([beyond(0.5, lag) for lag in range(5)], rel=1e-4)


def test_runs_beside_each_other_share_axes_and_have_a_colour_each(run, tmp_path):
    other = make_run(tmp_path / "runs" / "residual" / "version_3", decay=0.9, slope=0.0, steps=80)
    page = written(tmp_path, run, other)
    assert page.only("title").text == "plain and residual"
    for name, content in figures(page).items():
        shown = [pair for run, panel in views(content) if run is not None for pair in panel[:1]]
        assert len({json.dumps(layout["xaxis"]["range"]) for _, layout in shown}) < 2, name
        assert len({json.dumps(layout["yaxis"]["range"]) for _, layout in shown}) < 2, name
    ((_, ((traces, _), _)),) = views(figures(page)["curves"])
    assert {(trace["meta"]["run"], trace["line"]["color"]) for trace in traces} == {
        (0, RUNS[0]),
        (1, RUNS[1]),
    }
    assert len({trace["marker"]["symbol"] for trace in traces}) == 2
    assert section(page, "numbers").only("table").rows()[0] == ["measure", "plain", "residual"]
    boxes = [box.attributes["data-run"] for box in page.all("input", type="checkbox")]
    assert boxes == ["0", "1"]


def test_settings_that_differ_are_named(run, own, tmp_path):
    text = (own / "config.yaml").read_text()
    (own / "config.yaml").write_text(text.replace("num_layers: 3", "num_layers: 5"))
    (table, *_) = section(written(tmp_path, run, own), "config").all("table")
    assert [row[0] for row in table.rows()[1:]] == ["model.init_args.network.encoder.num_layers"]
    assert table.rows()[1][1:] == ["3", "5"]


def test_an_older_run_tells_its_environment_in_the_first_line_of_its_configuration(own, tmp_path):
    (own / "environment.json").unlink()
    page = written(tmp_path, own)
    assert ["versions", "recurrent-zoo 0.1.0, torch 2.13.0"] in section(page, "config").only("table").rows()
    assert "SequenceClassifier lstm 3×8 forward plain" in page.only("header").text


def test_a_page_is_written_whole_or_not_at_all(own, monkeypatch):
    target = write_report([own])
    assert target == own / "report.html"
    before = target.read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", lambda self, target: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_report([own])
    assert target.read_bytes() == before
    assert sorted(path.name for path in own.glob("*report*")) == ["report.html"]
