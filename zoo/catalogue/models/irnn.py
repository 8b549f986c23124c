"""Rectified linear units that start as the identity: Le et al., 2015."""

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.pixels import pixel_classifier
from zoo.cells import ElmanSpec
from zoo.stack import StackSpec

MODELS = {
    "irnn-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: 100 rectified linear units that start as the identity",
        task="sequence_classifier",
        network=pixel_classifier(
            StackSpec(cell=ElmanSpec(activation="relu", recurrent_init="identity"), hidden_size=100)
        ),
        paper="Le et al., 2015, https://arxiv.org/abs/1504.00941",
        deviations="input weights start by Xavier, not near zero",
    )
}
