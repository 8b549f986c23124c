"""Language models with a matrix as memory: RetNet, GLA, DeltaNet, HGRN2; and RWKV, whose memory is a vector.

GLA and DeltaNet have the sizes of their authors' code, https://github.com/fla-org/flash-linear-attention and
https://github.com/fla-org/flame, RetNet those of https://github.com/microsoft/torchscale; HGRN2 and RWKV have
those of Beck et al., 2024, https://arxiv.org/abs/2405.04517, who compare them, and their vocabulary.
"""

from dataclasses import replace

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.models.xlstm import VOCABULARY
from zoo.cells import CellSpec, DeltaNetSpec, GLASpec, HGRN2Spec, RetentionSpec, RWKVTimeMixSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.wiring import BlockSpec

DEPTH = 12
"""Of the models that Beck et al. compare."""
BOUNDED = tuple(HGRN2Spec(heads=6, bias=False, lower_bound=layer / DEPTH) for layer in range(DEPTH))


def _network(
    cells: CellSpec | tuple[CellSpec, ...], layers: int, width: int, block: BlockSpec, vocabulary: int
) -> ModelSpec:
    """Blocks around a stream of one width; `block` says what its perceptron is."""
    encoder = StackSpec(cell=cells, hidden_size=width, num_layers=layers, wiring=block)
    return ModelSpec(encoder=encoder, vocab_size=vocabulary, output_size=vocabulary)


def _swiglu(expansion: float) -> BlockSpec:
    return BlockSpec(norm="rms", mlp="swiglu", expansion=expansion, project=True)


MODELS = {
    "retnet-medium": NamedModel(
        summary="language model: 16 blocks of a retention of 1024 in 4 heads",
        task="language_model",
        network=_network(RetentionSpec(heads=4, bias=False), 16, 1024, _swiglu(1.6875), 20_000),
        paper="Sun et al., 2023, https://arxiv.org/abs/2307.08621",
        deviations="values are as wide as keys, 1024, not 1728; queries and keys are not rotated by place",
    ),
    "gla-1024": NamedModel(
        summary="language model: 24 blocks of gated linear attention of 1024 in 4 heads",
        task="language_model",
        network=replace(
            _network(GLASpec(heads=4, bias=False), 24, 1024, _swiglu(2.75), 32_000), tie_weights=True
        ),
        paper="Yang et al., 2024, https://arxiv.org/abs/2312.06635",
        deviations="keys are as wide as values, 1024, not 512; the matrix of the forget gate has full rank",
    ),
    "deltanet-1024": NamedModel(
        summary="language model: 24 blocks of a delta network of 1024 in 8 heads",
        task="language_model",
        network=_network(DeltaNetSpec(heads=8, bias=False), 24, 1024, _swiglu(2.75), 32_000),
        paper="Yang et al., 2024, https://arxiv.org/abs/2406.06484",
        deviations="no short convolutions",
    ),
    "hgrn2-768": NamedModel(
        summary="language model of SlimPajama: 12 blocks of an HGRN2 of 768 in 6 heads",
        task="language_model",
        network=_network(BOUNDED, DEPTH, 768, _swiglu(8 / 3), VOCABULARY),
        paper="Qin et al., 2024, https://arxiv.org/abs/2404.07904",
        published=162_200_000,
        rounded_to=100_000,
        deviations="lower bounds of forget gates grow evenly from layer to layer, none is learned; heads "
        "are not normalised",
    ),
    "rwkv-4-169m": NamedModel(
        summary="language model of SlimPajama: 12 blocks of RWKV's time mixing of 768",
        task="language_model",
        network=_network(
            RWKVTimeMixSpec(),
            DEPTH,
            768,
            BlockSpec(norm="layer", mlp="swiglu", expansion=3.0),
            VOCABULARY,
        ),
        paper="Peng et al., 2023, https://arxiv.org/abs/2305.13048",
        published=169_400_000,
        rounded_to=100_000,
        deviations="a gated perceptron of as many parameters, where channel mixing sees the step before, too",
    ),
}
