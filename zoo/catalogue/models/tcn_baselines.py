"""The recurrent networks that temporal convolutions were compared with: Bai et al., 2018."""

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.pixels import pixel_classifier
from zoo.cells import LSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

PAPER = "Bai et al., 2018, https://arxiv.org/abs/1803.01271"

MODELS = {
    "lstm-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: one LSTM layer of 130",
        task="sequence_classifier",
        network=pixel_classifier(StackSpec(cell="lstm", hidden_size=130)),
        paper=PAPER,
        published=70_000,
        rounded_to=1_000,
    ),
    "lstm-adding": NamedModel(
        summary="the sum of the two numbers in 600 that are marked: one LSTM layer of 130",
        task="sequence_regressor",
        network=ModelSpec(
            encoder=StackSpec(cell=LSTMSpec(forget_bias=1.0), hidden_size=130),
            input_size=2,
            output_size=1,
            pooling="last",
        ),
        paper=PAPER,
        published=70_000,
        rounded_to=1_000,
    ),
}
