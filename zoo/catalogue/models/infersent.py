"""The sentence encoder that was trained on entailment: Conneau et al., 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "infersent-bilstm-max": NamedModel(
        summary="sentence encoder: BiLSTM of 2 x 2048 with max pooling over time",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=2048, direction="bidirectional"),
            vocab_size=20_000,
            embedding_size=300,
            output_size=2,
            pooling="max",
        ),
        paper="Conneau et al., 2017, https://arxiv.org/abs/1705.02364",
        deviations="one sentence and a linear classifier in place of a pair; embeddings are learned",
    )
}
