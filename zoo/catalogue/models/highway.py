"""Recurrent layers joined by highway gates: Srivastava et al., 2015; He et al., 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.wiring import HighwaySpec

MODELS = {
    "highway-bilstm": NamedModel(
        summary="4 BiLSTM layers of 2 x 256 joined by highway gates",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm", hidden_size=256, num_layers=4, direction="bidirectional", wiring="highway"
            ),
            vocab_size=20_000,
            embedding_size=300,
            output_size=2,
            pooling="max",
        ),
        paper="Srivastava et al., 2015, https://arxiv.org/abs/1505.00387",
        deviations="the paper's gates join feed-forward layers",
    ),
    "srl-alternating-highway": NamedModel(
        summary="semantic role labeller: 8 LSTM layers of 300 in alternating directions with highway gates",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm",
                hidden_size=300,
                num_layers=8,
                direction="alternating",
                wiring=HighwaySpec(carry_bias=0.0),
                dropout=0.1,
            ),
            vocab_size=20_000,
            embedding_size=100,
            output_size=106,
        ),
        paper="He et al., 2017, https://aclanthology.org/P17-1044",
        deviations="gates read x only, dropout is drawn anew each step, and no predicate is marked",
    ),
}
