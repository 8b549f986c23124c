"""What the weights of xLSTM 7B are called, there and here."""

from dataclasses import dataclass
from typing import NamedTuple

EMBEDDINGS = ("embedding.weight", "backbone.embeddings.weight")
"""What xlstm calls the embedding, and what transformers does."""
HEAD, FINAL = "lm_head.weight", "backbone.out_norm.weight"
BLOCK, CELL_OF, WIRING_OF = (
    "backbone.blocks.{k}.",
    "encoder.layers.{k}.directions.forward_.cell.",
    "encoder.wirings.{k}.",
)
"""How the names of block k begin, there and here."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What the shapes say.

    Attributes:
        types: Tokens.
        width: Of the stream, and of all values of a block together.
        blocks: How many there are.
        heads: Of each block.
        keys: The width of all keys of a block together.
        inner: The width within the perceptron.
    """

    types: int
    width: int
    blocks: int
    heads: int
    keys: int
    inner: int


class Part(NamedTuple):
    """One of their arrays: all of one of ours, or some of its rows.

    Attributes:
        name: Within a block.
        axes: Which of the `Sizes` each has.
    """

    name: str
    axes: tuple[str, ...]


PARTS: dict[str, tuple[Part, ...]] = {
    f"{CELL_OF}weight_ih": (
        Part("mlstm_layer.q.weight", ("keys", "width")),
        Part("mlstm_layer.k.weight", ("keys", "width")),
        Part("mlstm_layer.v.weight", ("width", "width")),
        Part("mlstm_layer.ogate_preact.weight", ("width", "width")),
    ),
    f"{CELL_OF}weight_heads": (
        Part("mlstm_layer.igate_preact.weight", ("heads", "width")),
        Part("mlstm_layer.fgate_preact.weight", ("heads", "width")),
    ),
    f"{CELL_OF}bias_heads": (
        Part("mlstm_layer.igate_preact.bias", ("heads",)),
        Part("mlstm_layer.fgate_preact.bias", ("heads",)),
    ),
    f"{CELL_OF}gain": (Part("mlstm_layer.multihead_norm.weight", ("width",)),),
    f"{WIRING_OF}norm.weight": (Part("norm_mlstm.weight", ("width",)),),
    f"{WIRING_OF}out.weight": (Part("mlstm_layer.out_proj.weight", ("width", "width")),),
    f"{WIRING_OF}mlp.norm.weight": (Part("norm_ffn.weight", ("width",)),),
    f"{WIRING_OF}mlp.gate.weight": (Part("ffn.proj_up_gate.weight", ("inner", "width")),),
    f"{WIRING_OF}mlp.up.weight": (Part("ffn.proj_up.weight", ("inner", "width")),),
    f"{WIRING_OF}mlp.down.weight": (Part("ffn.proj_down.weight", ("width", "inner")),),
}
"""Ours in a block -> theirs, whose rows stand upon one another in it."""
