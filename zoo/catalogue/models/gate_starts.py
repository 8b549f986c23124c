"""LSTMs whose gates start where memories are long: Tallec & Ollivier, 2018; Gu et al., 2020."""

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.pixels import pixel_classifier
from zoo.cells import CIFGSpec, LSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.switches import GateStartSpec

CHRONO = "Tallec & Ollivier, 2018, https://arxiv.org/abs/1804.11188"
CHARACTERS = 10


def _chrono(width: int, steps: int) -> StackSpec:
    start = GateStartSpec(gates="f", opposite="i", bias="chrono", steps=steps)
    return StackSpec(cell=LSTMSpec(), hidden_size=width, switches=start)


MODELS = {
    "chrono-lstm-copying": NamedModel(
        summary="10 characters again after 500 steps: an LSTM of 128 with memories of up to 750",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=_chrono(128, 750),
            vocab_size=CHARACTERS,
            output_size=CHARACTERS,
            embedding_size=CHARACTERS,
        ),
        paper=CHRONO,
        deviations="characters are embedded in 10 numbers, not one-hot",
    ),
    "chrono-lstm-adding": NamedModel(
        summary="the sum of the two numbers in 750 that are marked: an LSTM of 128 with as long memories",
        task="sequence_regressor",
        network=ModelSpec(encoder=_chrono(128, 750), input_size=2, output_size=1, pooling="last"),
        paper=CHRONO,
    ),
    "chrono-lstm-psmnist": NamedModel(
        summary="pixel-by-pixel MNIST, permuted: an LSTM of 512 with memories of up to 784 pixels",
        task="sequence_classifier",
        network=pixel_classifier(_chrono(512, 784)),
        paper=CHRONO,
    ),
    "u-lstm-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: an LSTM of 1024 whose one gate for in and out is spread out",
        task="sequence_classifier",
        network=pixel_classifier(
            StackSpec(
                cell=CIFGSpec(peephole=False),
                hidden_size=1024,
                switches=GateStartSpec(gates="i", bias="uniform"),
            )
        ),
        paper="Gu et al., 2020, https://arxiv.org/abs/1910.09890",
        deviations="no refine gate; no hidden layer of 256 before the classes",
    ),
}
