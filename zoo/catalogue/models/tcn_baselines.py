"""The recurrent networks that temporal convolutions were compared with: Bai et al., 2018."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "lstm-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: one LSTM layer of 130",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=130), input_size=1, output_size=10, pooling="last"
        ),
        paper="Bai et al., 2018, https://arxiv.org/abs/1803.01271",
    )
}
