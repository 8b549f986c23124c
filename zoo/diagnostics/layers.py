"""Which layer a parameter belongs to, read from its name."""

import re
from collections.abc import Mapping

from zoo.diagnostics.histogram import Summary

STACKED = re.compile(r"^(?:(?P<owner>.+)\.)?(?P<part>layers|wirings)\.(?P<index>\d+)\.(?P<rest>.+)$")
"""The zoo's own stacks: `model.encoder.layers.0.directions.forward_.cell.weight_ih`."""

TORCH = re.compile(r"^(?:(?P<owner>.+)\.)?(?P<rest>(?:weight|bias)_\w+?_l(?P<index>\d+)(?:_reverse)?)$")
"""nn.RNN, nn.LSTM and nn.GRU: `rnn.weight_ih_l0_reverse`."""

PARTS = ("embedding", "attention", "head")
"""What surrounds the stack in a model of the zoo; each is shown as one, whatever it is made of."""

UNNAMED = ("directions", "cell")
"""Containers that tell a reader nothing."""


def layer_of(parameter: str) -> str:
    """The name of the layer that a parameter belongs to, for a person to read.

    Layers of a stack are counted from 1 at the input; the directions of a layer, and the wiring around it,
    are one layer. What lies outside a stack goes by the path of its module.

    Args:
        parameter: A name as `named_parameters` gives it.

    Returns:
        "layer 1", "decoder layer 1", "embedding", "head", ...
    """
    return _split(parameter)[0]


def key_of(parameter: str) -> str:
    """The path under which loggers group a parameter by layer: "layer_1/forward/weight_hh"."""
    layer, rest = _split(parameter)
    parts = [part.removesuffix("_") for part in rest.split(".") if part not in UNNAMED]
    return "/".join([layer.replace(" ", "_"), *parts])


def by_layer(summaries: Mapping[str, Summary]) -> dict[str, Summary]:
    """The summaries of parameters pooled into those of layers, in the order of the parameters."""
    pooled: dict[str, Summary] = {}
    for parameter, summary in summaries.items():
        layer = layer_of(parameter)
        pooled[layer] = pooled[layer] + summary if layer in pooled else summary
    return pooled


def depth_of(layer: str) -> int | None:
    """The number of a stack's layer, 1 for the one at the input, or None for any other module."""
    match = re.search(r"(?:^| )layer (\d+)$", layer)
    return int(match[1]) if match else None


def _split(parameter: str) -> tuple[str, str]:
    """The layer's name and what is left of the parameter's."""
    name = parameter.replace("_orig_mod.", "").removeprefix("model.")
    if match := STACKED.match(name) or TORCH.match(name):
        found = match.groupdict()
        owner = "" if found["owner"] in (None, "encoder") else f"{found['owner']} "
        wiring = "wiring." if found.get("part") == "wirings" else ""
        return f"{owner}layer {int(found['index']) + 1}", wiring + found["rest"]
    first, _, rest = name.partition(".")
    if first in PARTS and rest:
        return first, rest
    module, _, leaf = name.rpartition(".")
    return module or "model", leaf
