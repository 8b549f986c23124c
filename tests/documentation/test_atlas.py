"""What the atlas draws and sets of the code, without Sphinx."""

import inspect
import re
from xml.etree import ElementTree

import pytest
import torch

import zoo
from docs.site import api, markdown
from docs.site.dataflow import dataflow
from docs.site.diagram import diagram
from docs.site.equations import block
from docs.site.layers import placed
from docs.site.reach import STEPS, reach
from docs.site.traced import traced
from zoo.cells import CELLS
from zoo.engines.program.ir import NotBlockwise
from zoo.wiring import WIRINGS


def flow_of(name):
    cell = CELLS[name].spec_class().build(32, 32)
    try:
        return dataflow(cell)
    except NotBlockwise:
        return traced(cell)


def labels(flow, vertex):
    return sorted(flow.vertices[source].label for source, _ in vertex.sources)


def test_the_lstm_keeps_its_cell_by_a_gate_and_shows_it_by_another():
    flow = flow_of("lstm")
    by_label = {vertex.label: vertex for vertex in flow.vertices}
    kept, written = (
        flow.vertices[source] for source, _ in flow.vertices[by_label["c_{t}"].sources[0][0]].sources
    )
    assert labels(flow, kept) == ["c_{t−1}", "σ(W_f x + U_f h)"]
    assert labels(flow, written) == ["tanh(W_g x + U_g h)", "σ(W_i x + U_i h)"]
    shown = flow.vertices[by_label["h_{t}, output"].sources[0][0]]
    assert labels(flow, shown) == ["tanh", "σ(W_o x + U_o h)"]


@pytest.mark.parametrize("name", CELLS.names())
def test_every_step_is_drawn_from_state_to_state(name):
    flow = flow_of(name)
    cell = CELLS[name].spec_class().build(32, 32)
    drawing = ElementTree.fromstring(diagram(flow, name))
    words = "".join(drawing.itertext())
    for part in cell.state_type._fields:
        assert part.replace("_", " ") in words
    numbers = [
        number
        for layer in placed(flow, dict.fromkeys(("state", "box", "junction", "result", "bend"), 40)).layers
        for number in layer
    ]
    assert len(numbers) == len(set(numbers)) >= len(flow.vertices)
    taken = {source for vertex in flow.vertices for source, _ in vertex.sources}
    for number, vertex in enumerate(flow.vertices):
        assert vertex.kind in ("state", "result") or number in taken


def test_equations_are_set_letter_for_letter():
    words = "".join(
        ElementTree.fromstring(
            block(["c_t = (1 - z_t) ∘ x̂_{t-1}^T + √K / exp(iθ)    as in the paper"])
        ).itertext()
    )
    assert re.sub(r"\s", "", words) == "ct=(1−zt)∘x^t−1⊤+K/exp(iθ)asinthepaper"


@pytest.mark.parametrize("registry", [CELLS, WIRINGS], ids=["cells", "wirings"])
def test_every_docstring_has_equations_that_are_set(registry):
    for name in registry.names():
        text = markdown.docstring(inspect.getdoc(registry[name]))
        blocks = re.findall(r'<div class="equations">.*?</div>', text)
        assert blocks, name
        for each in blocks:
            ElementTree.fromstring(each)


def test_every_public_name_has_its_place_in_the_reference():
    names = [name for group in api.grouped().values() for name in group]
    assert sorted(names) == [name for name in dir(zoo) if name != "__version__"]
    assert {"Cell", "Wiring", "Switch", "Task", "register_cell"} <= set(api.grouped()["contracts"])
    assert "LSTMSpec" in api.grouped()["cells"]


def test_what_reaches_back_is_what_the_weights_say():
    """Orthogonal weights lose next to nothing; what a gate near 1/2 lets through is halved at each step."""
    torch.manual_seed(0)
    assert reach("scornn")[STEPS - 1] == pytest.approx(1, abs=0.1)
    assert reach("trnn")[20] < 1e-3
