"""A sentence encoder each of whose layers reads the words and all layers below: Nie & Bansal, 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "shortcut-stacked": NamedModel(
        summary="entailment of sentence pairs: BiLSTMs of 2 x 512, 1024, 2048 with shortcuts, max pooling",
        task="pair_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm",
                hidden_size=(512, 1024, 2048),
                num_layers=3,
                direction="bidirectional",
                wiring="shortcut",
            ),
            vocab_size=20_000,
            embedding_size=300,
            output_size=3,
            pooling="max",
            pairs=True,
        ),
        paper="Nie & Bansal, 2017, https://arxiv.org/abs/1708.02312",
        deviations="a linear classifier, without the hidden layers of 1600; embeddings start at random",
    )
}
