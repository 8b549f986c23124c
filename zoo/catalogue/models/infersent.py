"""The sentence encoder that was trained on entailment: Conneau et al., 2017."""

from dataclasses import replace

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

PAPER = "Conneau et al., 2017, https://arxiv.org/abs/1705.02364"
ALONE = ModelSpec(
    encoder=StackSpec(cell="lstm", hidden_size=2048, direction="bidirectional"),
    vocab_size=20_000,
    embedding_size=300,
    output_size=2,
    pooling="max",
)

MODELS = {
    "infersent-bilstm-max": NamedModel(
        summary="sentence encoder: BiLSTM of 2 x 2048 with max pooling over time",
        task="sequence_classifier",
        network=ALONE,
        paper=PAPER,
        deviations="one sentence and a linear classifier in place of a pair; embeddings are learned",
    ),
    "infersent": NamedModel(
        summary="entailment of sentence pairs: BiLSTM of 2 x 2048 with max pooling over time",
        task="pair_classifier",
        network=replace(ALONE, output_size=3, pairs=True),
        paper=PAPER,
        deviations="a linear classifier, without the hidden layer of 512; embeddings are learned",
    ),
}
