"""Quasi-recurrent networks: Bradbury et al., 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import QRNNSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

PAPER = "Bradbury et al., 2017, https://arxiv.org/abs/1611.01576"

MODELS = {
    "qrnn-imdb": NamedModel(
        summary="sentiment of film reviews: 4 densely connected QRNN layers of 256 that see two words",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell=QRNNSpec(window=2),
                hidden_size=256,
                num_layers=4,
                wiring=("dense", "dense", "dense", "plain"),
                dropout=0.3,
            ),
            vocab_size=20_000,
            embedding_size=300,
            output_size=2,
            pooling="last",
        ),
        paper=PAPER,
        deviations="embeddings are learned",
    ),
    "qrnn-ptb": NamedModel(
        summary="word language model of PTB: 2 QRNN layers of 640 that see two words at once",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell=QRNNSpec(window=2), hidden_size=640, num_layers=2, dropout=0.5),
            vocab_size=10_000,
            output_size=10_000,
            input_dropout=0.5,
            output_dropout=0.5,
        ),
        paper=PAPER,
        deviations="no zoneout",
    ),
}
