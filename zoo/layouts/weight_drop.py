"""The language model of AWD-LSTM, whatever its weights are called."""

import re
from dataclasses import dataclass

import torch
from torch import Tensor

from zoo.cells import CellSpec
from zoo.layouts.levels import Placed, obstacle, stack_of
from zoo.layouts.torch import named_weights, torch_levels
from zoo.layouts.weights import Weights
from zoo.model import Model, ModelSpec
from zoo.stack import Stack

PREFIXES = re.compile(r"^[01]\.(?=encoder|rnns|decoder)|(?<=\d\.)module\.")
"""What a library puts around the names of another."""
COPIES = ("encoder_dp.emb.weight", "encoder_with_dropout.embed.weight")
"""The embedding, within the module that drops words of it, in fastai 1 and 2 and before them."""
LAYER = [
    f"{name}_l0{way}" for way in ("", "_reverse") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
]


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a library calls the weights, {k} being the number of a layer.

    Attributes:
        embeddings: The embedding, and its copies.
        layer: How the names of a layer begin.
        raw: Its recurrent weights before any is dropped.
        decoder: How those of the decoder begin.
        always_tied: Whether the decoder has the embedding for its weights in each of its models.
    """

    embeddings: tuple[str, ...]
    layer: str
    raw: str
    decoder: str
    always_tied: bool


def read_model(weights: Weights, cell: CellSpec | None) -> Model:
    """The language model with these weights, its sizes read from their shapes.

    Raises:
        ValueError: a part of it is missing, or the parts do not fit.
    """
    called = {PREFIXES.sub("", name): name for name in weights}
    embedding = weights.take(called.get("encoder.weight", "encoder.weight"), -1, -1)
    for copy in (called[name] for name in COPIES if name in called):
        if not torch.equal(weights.take(copy, *embedding.shape), embedding):
            raise ValueError(f"{copy!r} is not the embedding that it is a copy of; expected the same values")
    stack = _stack(weights, called, cell)
    head = weights.take(called.get("decoder.weight", "decoder.weight"), -1, stack.output_size)
    has_bias = "decoder.bias" in called
    bias = weights.take(called["decoder.bias"], len(head)) if has_bias else head.new_zeros(len(head))
    return _model(embedding, stack, head, bias)


def write_model(module: Stack | Model, names: Names) -> dict[str, Tensor]:
    """The weights of a language model.

    Raises:
        ValueError: it is something else, with the reason.
    """
    if not isinstance(module, Model):
        raise ValueError("the layout is one of language models and got a Stack; expected a Model")
    reason = _reason(module.spec, names)
    if reason is not None:
        raise ValueError(f"no AWD-LSTM equals this model: {reason}")
    assert module.embedding is not None
    written = {name: module.embedding.weight.detach().clone() for name in names.embeddings}
    for k, own in enumerate(module.encoder.cells()):
        found = named_weights(own)
        zero = own.weight_ih.new_zeros(len(own.weight_ih))
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            full = (names.raw if name == "weight_hh" else f"{names.layer}{name}_l0").format(k=k)
            written[full] = found.get(name, zero)
    for name, tensor in module.head.state_dict().items():
        written[f"{names.decoder}{name}"] = tensor.clone()
    return written


def _stack(weights: Weights, called: dict[str, str], cell: CellSpec | None) -> Stack:
    depth = sum(re.fullmatch(r"rnns\.\d+\.weight_ih_l0", name) is not None for name in called)
    return stack_of([_level(weights, called, f"rnns.{k}", cell) for k in range(max(depth, 1))])


def _level(weights: Weights, called: dict[str, str], begin: str, cell: CellSpec | None) -> list[Placed]:
    """A layer, which is one of torch's with a single level."""
    found = {f"{begin}.{name}": _layer_weight(weights, called, f"{begin}.{name}") for name in LAYER}
    given = {name: tensor for name, tensor in found.items() if tensor is not None}
    if not given:
        weights.take(f"{begin}.weight_ih_l0")  # says that it is not there, and what is
    layer = Weights(given, begin)
    (level,) = torch_levels(layer, cell)
    layer.check_all_taken("torch")
    return [each._replace(name=f"{begin}.{each.name}") for each in level]


def _layer_weight(weights: Weights, called: dict[str, str], name: str) -> Tensor | None:
    """A weight of a layer: the whole, where a mask drops some of it; what one has left is let go."""
    raw, plain = called.get(f"{name}_raw"), called.get(name)
    if raw is None:
        return None if plain is None else weights.take(plain)
    whole = weights.take(raw)
    if plain is not None:
        weights.take(plain, *whole.shape)
    return whole


def _model(embedding: Tensor, stack: Stack, head: Tensor, bias: Tensor) -> Model:
    spec = ModelSpec(
        encoder=stack.spec,
        vocab_size=embedding.shape[0],
        embedding_size=embedding.shape[1],
        output_size=head.shape[0],
        tie_weights=torch.equal(head, embedding),
    )
    model = spec.build().to(embedding)
    assert model.embedding is not None
    model.embedding.weight.copy_(embedding)
    model.encoder.load_state_dict(stack.state_dict())
    model.head.load_state_dict({"weight": head, "bias": bias})
    return model


def _reason(spec: ModelSpec, names: Names) -> str | None:
    """Why a model is none, or None."""
    encoder = spec.encoder
    if spec.vocab_size is None or spec.pooling != "none" or spec.characters is not None:
        return "it does not read tokens alone and predict at each"
    if {each.key for each in encoder.cells} != {"lstm"} or {*encoder.directions} != {"forward"}:
        return "its layers are not all LSTMs that read forward"
    if spec.logit_cap is not None:
        return f"its logits are capped at {spec.logit_cap}"
    if spec.adaptive_cutoffs:
        return "its softmax is adaptive"
    if names.always_tied and not spec.tie_weights:
        return "its weights are not tied"
    *inner, last = encoder.hidden_sizes
    if len({*inner}) > 1 or last != (spec.embedding_size or encoder.hidden_sizes[0]):
        return "its layers but the last differ in width, or the last is not as wide as the embedding"
    return obstacle(encoder)
