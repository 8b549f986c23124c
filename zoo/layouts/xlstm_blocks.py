"""The language model of xLSTM 7B: blocks of an mLSTM and a gated perceptron."""

import re
from dataclasses import asdict, replace

import torch
from torch import Tensor

from zoo.cells import CellSpec, MLSTMSpec
from zoo.layouts.gates import settled
from zoo.layouts.levels import obstacle
from zoo.layouts.weights import Weights, listed
from zoo.layouts.xlstm_names import BLOCK, EMBEDDINGS, FINAL, HEAD, PARTS, WIRING_OF, Sizes
from zoo.model import Model, ModelSpec
from zoo.stack import Stack, StackSpec
from zoo.wiring import BlockSpec, PlainSpec, WiringSpec

CELL = MLSTMSpec(input_bias=-10.0, gate_bias_only=True, gate_cap=15.0, head_norm=True, read_epsilon=1e-6)
WIRING = BlockSpec(norm="rms", norm_epsilon=1e-6, mlp="swiglu", project=True)
LOGIT_CAP = 30.0
"""What the library does unless its configuration says otherwise, but for sizes."""


def read_model(weights: Weights, cell: CellSpec | None) -> Model:
    """The language model with these weights, its sizes read from their shapes.

    Raises:
        ValueError: a part of it is missing, or the parts do not fit.
    """
    name = next((name for name in EMBEDDINGS if name in weights), EMBEDDINGS[0])
    embedding = weights.take(name, -1, -1)
    sizes = _sizes(weights, *embedding.shape)
    found = {"embedding.weight": embedding, "head.weight": weights.take(HEAD, sizes.types, sizes.width)}
    for k in range(sizes.blocks):
        found |= _read_block(weights, sizes, k)
    if FINAL in weights:
        found[_final(sizes.blocks)] = weights.take(FINAL, sizes.width)
    spec = _spec(sizes, cell, has_final=FINAL in weights)
    with torch.device("meta"):  # of seven billion numbers first values would take minutes
        model = spec.build()
    model.load_state_dict(found, assign=True)
    return model


def write_model(module: Stack | Model, embedding: str) -> dict[str, Tensor]:
    """The weights of a language model, its embedding under this name.

    Raises:
        ValueError: it is something else, with the reason.
    """
    if not isinstance(module, Model):
        raise ValueError("the layout is one of language models and got a Stack; expected a Model")
    reason = _reason(module)
    if reason is not None:
        raise ValueError(f"no model of xLSTM 7B's kind equals this one: {reason}")
    own = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
    written = {embedding: own["embedding.weight"], HEAD: own["head.weight"]}
    cells = module.encoder.cells()
    for k, cell in enumerate(cells):
        rows = [each.stop - each.start for each in cell.gate_rows("weight_ih").values()]
        written |= _written_block(own, k, rows)
    final = _final(len(cells))
    return written | ({FINAL: own[final]} if final in own else {})


def _sizes(weights: Weights, types: int, width: int) -> Sizes:
    numbered = [re.match(r"backbone\.blocks\.(\d+)\.", name) for name in weights]
    blocks, first = {found[1] for found in numbered if found}, BLOCK.format(k=0)
    if not blocks:
        raise ValueError(f"no weights begin with {first!r}, got {listed(weights)}; expected blocks of mLSTMs")
    heads = len(weights.take(f"{first}mlstm_layer.igate_preact.bias", -1))
    keys = len(weights.take(f"{first}mlstm_layer.q.weight", -1, width))
    if keys % heads or width % heads:
        raise ValueError(f"there are {heads} heads with {keys} keys and {width} values; expected multiples")
    inner = len(weights.take(f"{first}ffn.proj_up.weight", -1, width))
    return Sizes(types=types, width=width, blocks=len(blocks), heads=heads, keys=keys, inner=inner)


def _read_block(weights: Weights, sizes: Sizes, k: int) -> dict[str, Tensor]:
    """The weights of a block, under our names."""
    size, begin = asdict(sizes), BLOCK.format(k=k)
    return {
        ours.format(k=k): torch.cat(
            [weights.take(begin + part.name, *(size[axis] for axis in part.axes)) for part in parts]
        )
        for ours, parts in PARTS.items()
    }


def _written_block(own: dict[str, Tensor], k: int, products: list[int]) -> dict[str, Tensor]:
    """The weights of a block, under their names; `products` are the rows of q, k, v and o."""
    written = {}
    for ours, parts in PARTS.items():
        whole = own[ours.format(k=k)]
        rows = products if len(parts) == len(products) else [len(whole) // len(parts)] * len(parts)
        for part, tensor in zip(parts, torch.split(whole, rows), strict=True):
            written[BLOCK.format(k=k) + part.name] = tensor.clone()
    return written


def _final(blocks: int) -> str:
    """What the norm behind all blocks is called here."""
    return f"{WIRING_OF.format(k=blocks - 1)}final.weight"


def _spec(sizes: Sizes, cell: CellSpec | None, has_final: bool) -> ModelSpec:
    found = replace(CELL, heads=sizes.heads, key_ratio=sizes.keys / sizes.width)
    encoder = StackSpec(
        cell=settled(found, cell, "gate_cap"),
        hidden_size=sizes.width,
        num_layers=sizes.blocks,
        wiring=replace(WIRING, expansion=sizes.inner / sizes.width, final_norm=has_final),
    )
    return ModelSpec(
        encoder=encoder,
        vocab_size=sizes.types,
        output_size=sizes.types,
        embedding_size=sizes.width,
        head_bias=False,
        logit_cap=LOGIT_CAP,
    )


def _reason(model: Model) -> str | None:
    """Why a model is none, or None."""
    spec, encoder = model.spec, model.spec.encoder
    if spec.vocab_size is None or spec.pooling != "none" or spec.characters is not None:
        return "it does not read tokens alone and predict at each"
    if spec.head_bias or spec.logit_cap != LOGIT_CAP:
        return f"its head has biases, or logits that are not capped at {LOGIT_CAP:g}"
    cell, wiring, width = encoder.cells[0], encoder.wirings[0], encoder.hidden_sizes[0]
    alike = {*encoder.cells} == {cell} and {*encoder.wirings} == {wiring}
    if not alike or {*encoder.hidden_sizes, spec.embedding_size or width} != {width}:
        return "its blocks and its embedding are not all of one kind and width"
    if {*encoder.directions} != {"forward"}:
        return "its layers do not all read forward"
    if not _is_published_cell(cell):
        return f"its cell is {cell}"
    if not _is_published_wiring(wiring):
        return f"its wiring is {wiring}"
    return obstacle(replace(encoder, wiring=PlainSpec()))


def _is_published_cell(cell: CellSpec) -> bool:
    """Whether it is theirs, but for sizes and first values; another `gate_cap` no weight would tell."""
    if not isinstance(cell, MLSTMSpec):
        return False
    sized = replace(CELL, heads=cell.heads, key_ratio=cell.key_ratio)
    return cell == replace(sized, forget_bias=cell.forget_bias, input_bias=cell.input_bias)


def _is_published_wiring(wiring: WiringSpec) -> bool:
    if not isinstance(wiring, BlockSpec) or not wiring.expansion:
        return False
    sized = replace(WIRING, expansion=wiring.expansion, final_norm=wiring.final_norm)
    return wiring == replace(sized, unequal=wiring.unequal)
