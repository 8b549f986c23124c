"""Classifiers of single sentences and reviews: Tai et al., 2015; Rusch & Mishra, 2021."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import CoRNNSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

LEFT_OUT = "embeddings start at random; one prediction a sentence, none for its phrases"


def _tai(layers: int, width: int) -> NamedModel:
    return NamedModel(
        summary=f"sentiment of sentences in 5 classes: {layers} LSTM layer{'s' * (layers > 1)} of {width}",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=width, num_layers=layers),
            vocab_size=20_000,
            embedding_size=300,
            output_size=5,
            pooling="last",
            output_dropout=0.5,
        ),
        paper="Tai et al., 2015, https://arxiv.org/abs/1503.00075",
        deviations=LEFT_OUT,
    )


MODELS = {
    "tai-lstm-sst": _tai(1, 168),
    "tai-lstm-2-layers-sst": _tai(2, 120),
    "cornn-imdb": NamedModel(
        summary="sentiment of film reviews: 128 coupled oscillators",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell=CoRNNSpec(dt=0.054, gamma=4.9, epsilon=4.8), hidden_size=128),
            vocab_size=25_002,
            embedding_size=100,
            output_size=2,
            pooling="last",
        ),
        paper="Rusch & Mishra, 2021, https://arxiv.org/abs/2010.00951",
        deviations="two logits in place of one; embeddings start at random",
    ),
}
