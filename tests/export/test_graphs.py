"""Graphs for other runtimes: the same scores at another batch and length, lengths included."""

import math

import jaxtyping
import pytest
import torch

import zoo
from zoo.export.graph_folder import graph_format
from zoo.export.graphs import difference, sequence_graph, step_graph_of
from zoo.export.refusal import CannotExportError, check_task, plain_model

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


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


def test_what_torch_has_is_a_layer_of_onnx():
    cells = ("lstm", "gru", zoo.ElmanSpec(activation="relu"))
    directions = ("bidirectional", "backward", "forward")
    model = model_of("last", cell=cells, num_layers=3, direction=directions)
    content, run = as_onnx(sequence_graph(model, graph_format("onnx").make))
    assert loops(content) == ["GRU", "LSTM", "LSTM", "RNN"]
    check_sequences(model, run, 1e-5)


@torch.no_grad()
def test_any_other_cell_is_a_loop_that_is_written_once():
    """Gated, with a matrix for a state, in continuous time."""
    cells, directions = ("mgu", "mlstm", "cfc"), ("bidirectional", "forward", "backward")
    model = model_of("max", cell=cells, num_layers=3, direction=directions, learn_initial_state=True)
    content, run = as_onnx(sequence_graph(model, graph_format("onnx").make))
    assert loops(content) == ["Scan"] * 4
    x, lengths = torch.randn(3, 9, 3), torch.tensor([9, 0, 4])
    deltas = torch.rand(3, 9) + 0.5
    expected = model(x, lengths, deltas=deltas)[0]
    torch.testing.assert_close(run([x, lengths, deltas])[0], expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_steps_of_a_stream_are_the_whole_sequence():
    """In torch; docs/export.md has one in onnxruntime, see `test_serve`."""
    model, how = model_of(cell=("lstm", "exprnn"), num_layers=2, wiring="residual"), graph_format("torch")
    graph = step_graph_of(model)
    assert graph.inputs == ("x", "layer_1_h", "layer_1_c", "layer_2_h")
    run, x, scores = how.run(how.content(graph)), torch.randn(5, 7, 3), []
    state = [part for entry in model.initial_state(5) for part in entry]
    for t in range(7):
        said, *state = run([x[:, t], *state])
        scores.append(said)
    torch.testing.assert_close(torch.stack(scores, 1), model(x)[0], atol=1e-6, rtol=0)


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


def test_answers_that_are_more_than_scores_are_refused():
    network = zoo.ModelSpec(encoder=zoo.StackSpec(hidden_size=4), input_size=2, output_size=3, pooling="none")
    check_task(zoo.SequenceTagger(network))
    with pytest.raises(CannotExportError, match="a CRF chooses tags by a search"):
        check_task(zoo.SequenceTagger(network, crf=True))


def test_a_number_that_is_none_is_seen_where_it_is_not_the_first():
    model, how = model_of(cell="mgu"), graph_format("torch")
    graph = step_graph_of(model)
    run = how.run(how.content(graph))
    assert difference(model, graph, run) < 1e-6
    assert math.isnan(difference(model, graph, lambda given: [*run(given)[:-1], run(given)[-1] * math.nan]))


def test_a_missing_package_is_named_with_its_command(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(
        ValueError, match=r"onnxruntime is not installed; pip install 'recurrent-zoo\[onnx\]'"
    ):
        graph_format("onnx").require()
