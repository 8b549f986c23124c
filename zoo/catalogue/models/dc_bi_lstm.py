"""Densely connected bidirectional LSTMs: Ding et al., 2018."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "dc-bi-lstm": NamedModel(
        summary="densely connected BiLSTM: 15 layers of 2 x 13 that see all earlier ones, one of 2 x 100",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm",
                hidden_size=(*[13] * 15, 100),
                num_layers=16,
                direction="bidirectional",
                wiring=(*["dense"] * 15, "plain"),
            ),
            vocab_size=20_000,
            embedding_size=300,
            output_size=2,
            pooling="mean",
        ),
        paper="Ding et al., 2018, https://arxiv.org/abs/1802.00889",
        deviations="embeddings are learned",
    )
}
