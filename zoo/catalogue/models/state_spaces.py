"""Linear state spaces in blocks: S4D, S5, LRU on the pixels of pictures, and S6 on text.

The sizes are those of https://github.com/state-spaces/s4 (S4D), https://github.com/lindermanlab/S5 (S5), and
of Beck et al., 2024, https://arxiv.org/abs/2405.04517, for what it compares (LRU, S6).
"""

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.models.xlstm import VOCABULARY
from zoo.cells import CellSpec, LRUSpec, S4DSpec, S5Spec, S6Spec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.stack.spec import DirectionName
from zoo.wiring import BlockSpec

BLOCKS = BlockSpec(norm="layer", mlp="geglu", expansion=1.0)
GATED = "a gated perceptron behind each layer, not a gate alone; layer normalisation, not by batches"


def _pictures(
    cell: CellSpec, layers: int, width: int, channels: int, direction: DirectionName = "forward"
) -> ModelSpec:
    """What reads a picture of CIFAR-10 pixel by pixel, and tells its class from the mean over all of them."""
    encoder = StackSpec(
        cell=cell,
        hidden_size=width,
        num_layers=layers,
        wiring=BLOCKS,
        direction=direction,
        merge="concat" if direction == "forward" else "sum",
        dropout=0.1,
    )
    return ModelSpec(encoder=encoder, input_size=channels, output_size=10, pooling="mean")


MODELS = {
    "s4d-cifar10": NamedModel(
        summary="pixel-by-pixel CIFAR-10: 4 blocks of 128 S4D units, each of 32 pairs of states",
        task="sequence_classifier",
        network=_pictures(S4DSpec(expansion=32), 4, 128, 3),
        paper="Gu et al., 2022, https://arxiv.org/abs/2206.11893",
        deviations="a gated perceptron behind each layer, not a gate alone; norms before both, not behind",
    ),
    "s5-grey-cifar10": NamedModel(
        summary="pixel-by-pixel CIFAR-10 in grey, read both ways: 6 blocks of an S5 of 512",
        task="sequence_classifier",
        network=_pictures(S5Spec(), 6, 512, 1, "bidirectional"),
        paper="Smith et al., 2023, https://arxiv.org/abs/2208.04933",
        deviations=f"512 pairs of states each way, not 192 in three blocks; {GATED}",
    ),
    "lru-cifar10": NamedModel(
        summary="pixel-by-pixel CIFAR-10: 6 blocks of a linear recurrent unit of 512",
        task="sequence_classifier",
        network=_pictures(LRUSpec(), 6, 512, 3),
        paper="Orvieto et al., 2023, https://arxiv.org/abs/2303.06349",
        deviations=f"512 states, as many as units; {GATED}",
    ),
    "s6-slimpajama": NamedModel(
        summary="language model of SlimPajama: 24 blocks of 1536 S6 units of 16 states, a stream of 768",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=S6Spec(expansion=16, hold="euler"),
                hidden_size=(768, *[1536] * 23),
                num_layers=24,
                wiring=BlockSpec(norm="rms", expansion=0.0, project=True),
            ),
            vocab_size=VOCABULARY,
            output_size=VOCABULARY,
        ),
        paper="Gu & Dao, 2023, https://arxiv.org/abs/2312.00752",
        deviations="Mamba without its convolution and the second branch that gates; steps have a matrix of "
        "full rank; the first layer is as wide as the stream",
    ),
}
