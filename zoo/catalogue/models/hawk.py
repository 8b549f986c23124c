"""Language models of gated linear recurrences in residual blocks: De et al., 2024.

The sizes are those of https://github.com/google-deepmind/recurrentgemma, there of seven billion parameters.
Griffin has local attention in a third of its blocks, and is not here.
"""

from zoo.catalogue.entry import NamedModel
from zoo.cells import RGLRUSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.wiring import BlockSpec

MODELS = {
    "hawk-4096": NamedModel(
        summary="language model: 32 blocks of an RG-LRU of 5632 and a gated perceptron, a stream of 4096",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=RGLRUSpec(),
                hidden_size=(4096, *[5632] * 31),
                num_layers=32,
                wiring=BlockSpec(norm="rms", mlp="geglu", expansion=3.0, project=True),
            ),
            vocab_size=256_000,
            output_size=256_000,
            tie_weights=True,
        ),
        paper="De et al., 2024, https://arxiv.org/abs/2402.19427",
        deviations="no convolution before the recurrence, no second branch that gates it; its gates' "
        "matrices are full; the first recurrence is as wide as the stream",
    )
}
