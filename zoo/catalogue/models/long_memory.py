"""Pixels by networks with long ways through time: IndRNN, dilated, skipping, Legendre memory."""

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.pixels import pixel_classifier
from zoo.cells import DilatedSpec, IndRNNSpec, LMUSpec, SkipRNNSpec
from zoo.stack import StackSpec
from zoo.switches import VariationalDropoutSpec

PIXELS = 784

MODELS = {
    "indrnn-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: 6 layers of 128 independently recurrent ReLU units",
        task="sequence_classifier",
        network=pixel_classifier(
            StackSpec(
                cell=IndRNNSpec(longest=PIXELS),
                hidden_size=128,
                num_layers=6,
                switches=VariationalDropoutSpec(recurrent=0.0, output=0.1),
            )
        ),
        paper="Li et al., 2018, https://arxiv.org/abs/1803.04831",
        deviations="no batch normalisation",
    ),
    "dilated-gru-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: 9 GRU layers of 50 with dilations 1, 2, 4, .. 256",
        task="sequence_classifier",
        network=pixel_classifier(
            StackSpec(cell=tuple(DilatedSpec(dilation=2**k) for k in range(9)), hidden_size=50, num_layers=9)
        ),
        paper="Chang et al., 2017, https://arxiv.org/abs/1710.02224",
    ),
    "skip-gru-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: a GRU of 110 that learns which pixels to skip",
        task="sequence_classifier",
        network=pixel_classifier(StackSpec(cell=SkipRNNSpec(), hidden_size=110)),
        paper="Campos et al., 2018, https://arxiv.org/abs/1708.06834",
        deviations="an update costs nothing",
    ),
    "lmu-psmnist": NamedModel(
        summary="pixel-by-pixel MNIST, permuted: 212 units with a Legendre memory of order 256",
        task="sequence_classifier",
        network=pixel_classifier(StackSpec(cell=LMUSpec(order=256, theta=float(PIXELS)), hidden_size=212)),
        paper="Voelker et al., 2019, https://papers.nips.cc/paper/9689",
        published=102_000,
        rounded_to=1_000,
    ),
}
