"""Rectified linear units that start as the identity: Le et al., 2015."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import ElmanSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "irnn-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: 100 rectified linear units that start as the identity",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell=ElmanSpec(activation="relu", recurrent_init="identity"), hidden_size=100),
            input_size=1,
            output_size=10,
            pooling="last",
        ),
        paper="Le et al., 2015, https://arxiv.org/abs/1504.00941",
        deviations="input weights start by Xavier, not near zero",
    )
}
