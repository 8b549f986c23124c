"""What `zoo evaluate` has found, on the page: tables outright, maps and drawings with their numbers."""

import json
from dataclasses import asdict

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.report.folders import make_run
from tests.report.pages import figures, matrix, parsed, section, views
from zoo.report import write_report
from zoo.runs.evaluation import (
    EVALUATION,
    Curve,
    Drawing,
    Evaluation,
    Gallery,
    Grid,
    Sheet,
    read_evaluation,
    write_evaluation,
)

HOSTILE = "</script><b>"
WEIGHTS = [[0.1, 0.7, 0.2], [0.0, 0.25, 0.75]]
KINDS = ("absent", "right", "missed", "wrong")


def attention(panel="item 0", columns=("a", HOSTILE, "c")):
    axes = {"across": "source", "up": "answer", "columns": list(columns), "rows": ["x", "end"]}
    return Grid(panel=panel, view="weights", values=WEIGHTS, **axes)


def rolls():
    axes = {"across": "step", "up": "label", "rows": ["61", "60"]}
    for item in ("item 0", "item 1"):
        words = {"view": item, "columns": [str(step) for step in range(90)], **axes}
        shares = np.linspace(0, 1, 180).reshape(2, 90)
        yield Grid(panel="Probabilities", values=shares.tolist(), **words)
        kinds = (np.arange(180) % 4).reshape(2, 90).astype(float)
        yield Grid(panel="Where they differ", values=kinds.tolist(), kinds=list(KINDS), **words)


def found():
    points = [Curve("answers", [0.0, 1.0], [0.5, 0.75]), Curve("as it is", [0.0, 1.0], [0.0, 1.0])]
    return Evaluation(
        [Sheet("By length", ["steps", "loss"], [["1 to 2", "0.25"]])],
        [Drawing("What was said of b", "said", points, across="true")],
        [
            Gallery("Attention", "How to read it.", [attention(), attention("item 1", "abc")]),
            Gallery("Labels over time", "A row is a key.", list(rolls())),
        ],
    )


@pytest.fixture
def page(tmp_path):
    run = make_run(tmp_path / "runs" / "plain" / "version_0")
    write_evaluation(found(), run / EVALUATION)
    return parsed(write_report([run], tmp_path / "page.html"))


def test_what_is_written_is_read_again(tmp_path):
    first, second = tmp_path / EVALUATION, tmp_path / "again.json"
    write_evaluation(found(), first)
    write_evaluation(read_evaluation(first), second)
    assert json.loads(second.read_text()) == json.loads(json.dumps(asdict(found())))


@pytest.mark.parametrize("spoilt", ["[[0.1, 0.7], [0.0, 0.25]]", "[]", "3", '[["a", "b", "c"], [0, 0, 0]]'])
def test_a_map_whose_values_do_not_fit_is_refused(tmp_path, spoilt):
    path = tmp_path / EVALUATION
    axes = '"across": "x", "up": "y", "columns": ["a", "b", "c"], "rows": ["d", "e"], "kinds": []'
    grid = f'{{"panel": "p", "view": "v", {axes}, "values": {spoilt}}}'
    path.write_text(f'{{"sheets": [], "galleries": [{{"title": "t", "caption": "c", "grids": [{grid}]}}]}}')
    with pytest.raises(ValueError, match="does not hold an evaluation"):
        read_evaluation(path)


def test_tables_stand_outright_and_drawings_in_a_section_of_their_own(page):
    wrong = section(page, "what-it-gets-wrong")
    assert wrong.only("table").rows()[1] == ["1 to 2", "0.25"]
    assert list(wrong.all("details")) == []
    (((traces, layout),),) = (shown for _, shown in views(figures(page)["drawn-over-the-truth"]))
    assert [trace["mode"] for trace in traces] == ["markers", "lines+markers"]
    assert layout["xaxis"]["title"]["text"] == "true"


def test_attention_is_a_panel_for_each_example_with_symbols_on_both_axes(page):
    panels = [shown for _, shown in views(figures(page)["attention"])]
    assert len(panels) == 2
    ((trace,), layout), *_ = panels[0]
    np.testing.assert_allclose(matrix(trace["z"]), WEIGHTS, rtol=1e-6)
    assert layout["xaxis"]["ticktext"] == ["a", "&lt;/script&gt;&lt;b&gt;", "c"]
    assert layout["yaxis"]["ticktext"] == ["x", "end"]
    assert layout["yaxis"]["range"] == [1.5, -0.5]  # the first symbol at the top
    assert (layout["coloraxis"]["cmin"], layout["coloraxis"]["cmax"]) == (0, 1)
    assert trace["text"][1][2] == "end · c"
    first, _ = section(page, "attention").all("table")
    assert first.rows()[1:] == [["x", f"{HOSTILE} (2)", "0.70"], ["end", "c (3)", "0.75"]]


def test_rolls_are_chosen_by_piece_and_counted_by_kind(page):
    part = section(page, "labels-over-time")
    assert [option.text for option in part.only("select").all("option")] == ["item 0", "item 1"]
    shares, kinds = [shown for _, shown in views(figures(page)["labels-over-time"])]
    for shown in (shares, kinds):
        assert len(shown) == 2
        for _, layout in shown:
            assert len(layout["xaxis"]["tickvals"]) < 60  # numbers of two digits do not run into each other
            assert layout["xaxis"]["tickvals"][:2] == [0, 2]
    _, layout = kinds[0]
    assert layout["coloraxis"]["colorbar"]["ticktext"] == list(KINDS)
    assert (layout["coloraxis"]["cmin"], layout["coloraxis"]["cmax"]) == (-0.5, 3.5)
    assert len({colour for _, colour in layout["coloraxis"]["colorscale"]}) == 4
    assert part.only("table").rows() == [
        ["", *KINDS],
        *[[item, *["45"] * 4] for item in ("item 0", "item 1")],
    ]


def test_every_map_and_drawing_is_one_that_plotly_knows(page):
    for content in figures(page).values():
        for _, shown in views(content):
            for traces, layout in shown:
                go.Figure(data=traces, layout=layout)


def test_maps_of_two_runs_stand_side_by_side_under_their_names(tmp_path):
    folders = [make_run(tmp_path / "runs" / name / "version_0") for name in ("one", "two")]
    for folder in folders:
        write_evaluation(found(), folder / EVALUATION)
    page = parsed(write_report(folders, tmp_path / "page.html"))
    captions = [caption.text for caption in section(page, "attention").all("figcaption")]
    assert captions == [f"{run}: {item}" for run in ("one", "two") for item in ("item 0", "item 1")]
    assert [run for run, _ in views(figures(page)["attention"])] == [0, 0, 1, 1]


def test_signs_for_a_verdict_are_drawn_last_as_shares_in_words(tmp_path):
    run = make_run(tmp_path / "runs" / "plain" / "version_0")
    rows = ["epoch,step,val/accuracy,val/said_most,val/loss", "0,1,0.5,0.75,1.0", "1,2,0.75,0.5,0.5"]
    (run / "metrics.csv").write_text("\n".join(rows) + "\n")
    page = parsed(write_report([run], tmp_path / "page.html"))
    captions = [caption.text for caption in section(page, "curves").all("figcaption")]
    assert captions == ["loss", "accuracy", "the class that is said most"]
    *_, (_, ((_, layout), _)) = views(figures(page)["curves"])
    assert layout["yaxis"]["title"]["text"] == "share of answers"
    assert layout["yaxis"]["ticktext"] == ["0%", "25%", "50%", "75%", "100%"]


def test_numbers_are_not_broken_and_words_may_be(page):
    table = section(page, "what-it-gets-wrong").only("table")
    classes = [cell.attributes.get("class") for cell in table.all("td")]
    assert classes == ["number"]
    words = section(page, "attention").all("table")
    assert next(cell for cell in next(words).all("td")).attributes.get("class") is None
