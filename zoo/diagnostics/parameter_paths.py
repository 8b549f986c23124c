"""Where in a network a parameter stands, read from its name: layer, direction, gate and block."""

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar, final

from zoo.diagnostics.histogram import Summary

STACKED = re.compile(r"^(?:(?P<owner>.+)\.)?(?P<part>layers|wirings)\.(?P<index>\d+)(?:\.(?P<rest>.+))?$")
"""The zoo's own stacks: `model.encoder.layers.0.directions.forward_.cell.weight_ih`."""

TORCH = re.compile(
    r"^(?:(?P<owner>.+)\.)?(?P<rest>(?:weight|bias)_\w+?)_l(?P<index>\d+)(?P<backward>_reverse)?$"
)
"""nn.RNN, nn.LSTM and nn.GRU: `rnn.weight_ih_l0_reverse`."""

PARTS = ("embedding", "attention", "head")
"""What surrounds the stack in a model of the zoo; each is shown as one, whatever it is made of."""

UNNAMED = ("directions", "cell")
"""Containers that tell a reader nothing."""

DIRECTIONS = {"forward_": "forward", "backward_": "backward"}
"""What the directions of a layer are called, by the names of their modules."""

BLOCKS = {"weight_ih": "input", "weight_hh": "recurrent", "bias_ih": "bias", "bias_hh": "bias"}
"""What a fused parameter of a cell is called; others keep their names."""

Part = TypeVar("Part", bound=Hashable)


@final
@dataclass(frozen=True)
class Place:
    """A part of a network, as small as one gate's rows of one weight or as large as a layer.

    Attributes:
        layer: "layer 1", "decoder layer 1", "embedding", "head", ...: a name for people.
        direction: "forward" or "backward", or "" for what is not a matter of direction.
        gate: The gate's letter, or "" for all gates and for what has none.
        block: "input", "recurrent" or "bias"; any other parameter keeps its own name, as "output.weight";
            "" for all of them.
    """

    layer: str
    direction: str = ""
    gate: str = ""
    block: str = ""

    @property
    def key(self) -> str:
        """The path under which loggers group what is known about it: "layer_1/forward/f"."""
        return self.metric("")

    def metric(self, what: str, moment: str = "") -> str:
        """The key of something measured here.

        Args:
            what: The quantity: "saturated", "gradient".
            moment: When in a step it was measured, where that matters: "before" or "after" clipping.

        Returns:
            "layer_1/forward/f/saturated", or with a block "layer_1/forward/f/gradient/recurrent/before".
        """
        block = self.block.replace(".", "/") if what else ""
        parts = (self.layer.replace(" ", "_"), self.direction, self.gate, what, block, moment)
        return "/".join(part for part in parts if part)


@cache
def place_of(name: str) -> Place:
    """Where a parameter, or a gate's rows of it, stands.

    Layers of a stack are counted from 1 at the input; the directions of a layer, and the wiring around it,
    are one layer. What lies outside a stack goes by the path of its module.

    Args:
        name: As `named_parameters` gives it, with a colon and a letter behind it for the rows of one gate:
            "layers.0.directions.forward_.cell.weight_hh:f". Modules of a stack have a place, too: the layer
            "layers.0", its direction "layers.0.directions.forward_.cell", and a gate there, with its colon.
    """
    path, gate = _without_gate(name.replace("_orig_mod.", "").removeprefix("model."))
    layer, rest = _split(path)
    parts = [part for part in rest.split(".") if part not in UNNAMED]
    direction = DIRECTIONS[parts.pop(0)] if parts and parts[0] in DIRECTIONS else ""
    block = ".".join(parts)
    return Place(layer, direction, gate, BLOCKS.get(block, block))


def layer_of(parameter: str) -> str:
    """The name of the layer that a parameter belongs to, for a person to read: "layer 1", "head"."""
    return place_of(parameter).layer


def by_layer(summaries: Mapping[str, Summary]) -> dict[str, Summary]:
    """The summaries of parameters and their gates pooled into those of layers, in their order."""
    return _pool((layer_of(name), summary) for name, summary in summaries.items())


def by_place(summaries: Mapping[str, Summary]) -> dict[Place, Summary]:
    """The same by place: a cell with two biases of one gate has them in one."""
    return _pool((place_of(name), summary) for name, summary in summaries.items())


def _pool(summaries: Iterable[tuple[Part, Summary]]) -> dict[Part, Summary]:
    pooled: dict[Part, Summary] = {}
    for part, summary in summaries:
        pooled[part] = pooled[part] + summary if part in pooled else summary
    return pooled


def depth_of(layer: str) -> int | None:
    """The number of a stack's layer, 1 for the one at the input, or None for any other module."""
    match = re.search(r"(?:^| )layer (\d+)$", layer)
    return int(match[1]) if match else None


def _without_gate(name: str) -> tuple[str, str]:
    path, _, gate = name.rpartition(":")
    return (path, gate) if path and "." not in gate else (name, "")


def _split(path: str) -> tuple[str, str]:
    """The layer's name and what is left of the parameter's."""
    if match := STACKED.match(path):
        wiring = "wiring." if match["part"] == "wirings" else ""
        return _numbered(match), (wiring + (match["rest"] or "")).rstrip(".")
    if match := TORCH.match(path):
        return _numbered(match), f"{'backward_' if match['backward'] else 'forward_'}.{match['rest']}"
    first, _, rest = path.partition(".")
    if first in PARTS and rest:
        return first, rest
    module, _, leaf = path.rpartition(".")
    return module or "model", leaf


def _numbered(match: re.Match[str]) -> str:
    owner = "" if match["owner"] in (None, "encoder") else f"{match['owner']} "
    return f"{owner}layer {int(match['index']) + 1}"
