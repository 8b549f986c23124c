"""Graphs for other runtimes: the same scores at another batch and length, lengths included."""

import jaxtyping
import numpy as np
import pytest
import torch

import zoo
from zoo.export.graph_folder import graph_format
from zoo.export.graphs import sequence_graph, step_graph_of
from zoo.export.refusal import CannotExportError, plain_model

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(autouse=True)
def _symbols_for_shapes():
    """Annotated shapes are not checked: while torch traces, a size is a symbol, and no number."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


LENGTHS = torch.tensor([4, 0, 11, 7])


def model_of(pooling="none", **options):
    torch.manual_seed(0)
    encoder = zoo.StackSpec(hidden_size=6, **options)
    return zoo.ModelSpec(encoder=encoder, input_size=3, output_size=2, pooling=pooling).build().eval()


def as_onnx(graph):
    content = graph_format("onnx").content(graph)
    return content, graph_format("onnx").run(content)


def loops(content):
    kinds = [node.op_type for node in onnx.load_from_string(content).graph.node]
    return sorted(kind for kind in kinds if kind in ("LSTM", "GRU", "RNN", "Scan", "Loop"))


@torch.no_grad()
def check_sequences(model, run, tolerance):
    x = torch.randn(4, 11, 3, dtype=model.head.weight.dtype)
    (scores,) = run([x, LENGTHS])
    torch.testing.assert_close(scores, model(x, LENGTHS)[0], atol=tolerance, rtol=0)
    x[0, 4:] = 1e9  # padding is inert
    assert torch.equal(run([x, LENGTHS])[0], scores)


@pytest.mark.parametrize(
    ("options", "nodes"),
    [
        ({"cell": "lstm", "direction": "bidirectional", "wiring": "highway", "num_layers": 2}, ["LSTM"] * 4),
        ({"cell": "gru", "direction": "bidirectional", "pooling": "last"}, ["GRU"] * 2),
        ({"cell": zoo.ElmanSpec(activation="relu"), "pooling": "mean"}, ["RNN"]),
    ],
)
def test_what_torch_has_is_a_layer_of_onnx(options, nodes):
    model = model_of(**options)
    content, run = as_onnx(sequence_graph(model, graph_format("onnx").make))
    assert loops(content) == nodes
    check_sequences(model, run, 1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "mgu", "direction": "bidirectional", "merge": "gated", "pooling": "max"},  # gated
        {"cell": "mlstm", "learn_initial_state": True},  # matrix
        {"cell": "exprnn", "pooling": "attention"},  # a recurrent matrix that is a function
        {"cell": "sru", "direction": "backward", "switches": "projection"},  # linear
    ],
)
def test_any_other_cell_is_a_loop_that_is_written_once(options):
    model = model_of(**options)
    short, _ = as_onnx(sequence_graph(model, graph_format("onnx").make))
    assert set(loops(short)) == {"Scan"}
    check_sequences(model, graph_format("onnx").run(short), 1e-5)


def test_time_between_steps_is_an_input():
    model = model_of(cell="cfc", direction="bidirectional").double()
    _, run = as_onnx(sequence_graph(model, graph_format("onnx").make))
    x, lengths = torch.randn(2, 9, 3, dtype=torch.float64), torch.tensor([9, 5])
    deltas = torch.rand(2, 9, dtype=torch.float64) + 0.5
    with torch.no_grad():
        torch.testing.assert_close(run([x, lengths, deltas])[0], model(x, lengths, deltas=deltas)[0])


@torch.no_grad()
def test_steps_of_a_stream_are_the_whole_sequence():
    model = model_of(cell=("lstm", "mgu"), num_layers=2, wiring="residual")
    graph = step_graph_of(model)
    content, _ = as_onnx(graph)
    session = onnxruntime.InferenceSession(content)
    assert [each.name for each in session.get_inputs()] == ["x", "layer_1_h", "layer_1_c", "layer_2_h"]
    x = torch.randn(5, 7, 3)
    state = [part.numpy() for entry in model.initial_state(5) for part in entry]
    scores = []
    for t in range(7):
        feed = dict(zip([each.name for each in session.get_inputs()], [x[:, t].numpy(), *state], strict=True))
        said, *state = session.run(None, feed)
        scores.append(said)
    np.testing.assert_allclose(np.stack(scores, 1), model(x)[0].numpy(), atol=1e-5)


def test_torch_runs_it_without_the_cell(tmp_path):
    model = model_of(cell="mgu", direction="bidirectional").double()
    how = graph_format("torch")
    content = how.content(sequence_graph(model, how.make))
    check_sequences(model, how.run(content), 1e-12)


def test_what_no_graph_can_hold_is_refused_with_the_reason():
    encoder = zoo.StackSpec(hidden_size=4)
    pairs = zoo.ModelSpec(encoder=encoder, input_size=2, output_size=2, pooling="max", pairs=True).build()
    with pytest.raises(CannotExportError, match="compares two sequences"):
        plain_model(pairs)
    writer = zoo.EncoderDecoder(
        zoo.ModelSpec(encoder=encoder, vocab_size=9, output_size=9), zoo.DecoderSpec(stack=encoder)
    )
    with pytest.raises(CannotExportError, match="token by token in a search"):
        plain_model(writer)
    assert step_graph_of(model_of(direction="bidirectional")) is None


def test_a_missing_package_is_named_with_its_command(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(
        ValueError, match=r"onnxruntime is not installed; pip install 'recurrent-zoo\[onnx\]'"
    ):
        graph_format("onnx").require()
