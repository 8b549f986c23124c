"""Names of layers for names of parameters."""

import pytest

import zoo
from zoo.diagnostics.histogram import Summary
from zoo.diagnostics.parameter_paths import Place, by_layer, depth_of, layer_of, place_of


@pytest.mark.parametrize(
    ("name", "layer", "key", "block"),
    [
        ("model.encoder.layers.0.directions.forward_.cell.weight_ih", "layer 1", "layer_1/forward", "input"),
        ("layers.0.directions.forward_.cell.weight_hh:f", "layer 1", "layer_1/forward/f", "recurrent"),
        ("layers.0.directions.forward_.cell.bias_hh:n", "layer 1", "layer_1/forward/n", "bias"),
        ("layers.0.directions.forward_.cell.peephole", "layer 1", "layer_1/forward", "peephole"),
        ("layers.0.directions.backward_.initial.0", "layer 1", "layer_1/backward", "initial.0"),
        ("model.encoder.layers.11.backward_.cell.bias", "layer 12", "layer_12/backward", "bias"),
        ("encoder.layers.1.merge.gate.weight", "layer 2", "layer_2", "merge.gate.weight"),
        ("model.encoder.wirings.0.gate.weight", "layer 1", "layer_1", "wiring.gate.weight"),
        ("model.decoder.layers.0.cell.bias", "decoder layer 1", "decoder_layer_1", "bias"),
        ("model._orig_mod.encoder.layers.0.cell.bias", "layer 1", "layer_1", "bias"),
        ("model.embedding.weight", "embedding", "embedding", "weight"),
        ("model.head.output.bias", "head", "head", "output.bias"),
        ("model.attention.weight", "attention", "attention", "weight"),
        ("lstm.weight_ih_l0", "lstm layer 1", "lstm_layer_1/forward", "input"),
        ("lstm.bias_hh_l1_reverse:g", "lstm layer 2", "lstm_layer_2/backward/g", "bias"),
        ("lstm.weight_hr_l0", "lstm layer 1", "lstm_layer_1/forward", "weight_hr"),
        ("net.2.conv.weight", "net.2.conv", "net.2.conv", "weight"),
        ("net.a:b.weight", "net.a:b", "net.a:b", "weight"),
        ("scale", "model", "model", "scale"),
        ("model.encoder.layers.3", "layer 4", "layer_4", ""),
        ("model.encoder.layers.3.directions.backward_.cell", "layer 4", "layer_4/backward", ""),
        ("model.encoder.layers.3.directions.backward_.cell:f", "layer 4", "layer_4/backward/f", ""),
    ],
)
def test_a_name_has_a_place(name, layer, key, block):
    place = place_of(name)
    assert (place.layer, place.key, place.block) == (layer, key, block)
    assert layer_of(name) == layer


def test_a_place_names_what_is_measured_there():
    rows = place_of("layers.0.directions.forward_.cell.weight_hh:f")
    assert rows == Place("layer 1", "forward", "f", "recurrent")
    assert rows.metric("gradient", "before") == "layer_1/forward/f/gradient/recurrent/before"
    assert Place("layer 1").metric("gradient", "after") == "layer_1/gradient/after"
    assert Place("layer 1", "forward", "f").metric("saturated") == "layer_1/forward/f/saturated"
    assert Place("head", block="output.weight").metric("gradient") == "head/gradient/output/weight"


def test_depth_is_that_of_a_stack_and_of_nothing_else():
    assert [depth_of(name) for name in ("layer 3", "decoder layer 12", "head", "player 3")] == [
        3,
        12,
        None,
        None,
    ]


@pytest.mark.parametrize("name", ["bi-gru-2x4-highway", "bi-lstm-3x4-residual", "lstm-2x4-dense"])
def test_a_model_of_the_zoo_shows_its_layers_and_gives_each_parameter_a_place(name):
    options = {"input_size": 3, "output_size": 2, "pooling": "attention", "learn_initial_state": True}
    names = [parameter for parameter, _ in zoo.create_model(name, **options).named_parameters()]
    stack = [f"layer {index + 1}" for index in range(3 if "3x" in name else 2)]
    assert {layer_of(parameter) for parameter in names} == {*stack, "attention", "head"}
    names = [parameter for parameter in names if not parameter.endswith("bias_hh")]
    assert len({place_of(parameter) for parameter in names}) == len(names)


def test_pooling_keeps_the_order_of_the_model():
    one = Summary(norm=3.0, counts=(1, 0), under=0, over=1, zero=0, nonfinite=0)
    two = Summary(norm=4.0, counts=(0, 2), under=1, over=0, zero=3, nonfinite=1)
    pooled = by_layer({"embedding.weight": one, "layers.0.cell.weight_ih": one, "layers.0.cell.bias": two})
    assert list(pooled) == ["embedding", "layer 1"]
    assert pooled["layer 1"] == Summary(norm=5.0, counts=(1, 2), under=1, over=1, zero=3, nonfinite=1)
