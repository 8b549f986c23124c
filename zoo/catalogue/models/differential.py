"""Pixels by cells that solve differential equations: coRNN, UnICORNN, LEM, the Lipschitz network."""

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.pixels import pixel_classifier
from zoo.cells import CellSpec, CoRNNSpec, LEMSpec, LipschitzRNNSpec, UnICORNNSpec
from zoo.stack import StackSpec
from zoo.switches import VariationalDropoutSpec


def _model(cell: CellSpec, width: int, words: str, paper: str, published: int | None = None) -> NamedModel:
    return NamedModel(
        summary=f"pixel-by-pixel MNIST: {width} {words}",
        task="sequence_classifier",
        network=pixel_classifier(StackSpec(cell=cell, hidden_size=width)),
        paper=paper,
        published=published,
        rounded_to=1_000,
    )


MODELS = {
    "cornn-mnist": _model(
        CoRNNSpec(dt=0.042, gamma=2.7, epsilon=4.7),
        256,
        "coupled oscillators",
        "Rusch & Mishra, 2021, https://arxiv.org/abs/2010.00951",
        134_000,
    ),
    "lem-mnist": _model(
        LEMSpec(dt=0.21),
        128,
        "units of long expressive memory",
        "Rusch et al., 2022, https://arxiv.org/abs/2110.04744",
    ),
    "lipschitz-mnist": _model(
        LipschitzRNNSpec(dt=0.03, beta_a=0.75, beta_w=0.75, gamma_a=0.001, gamma_w=0.001),
        128,
        "units of the Lipschitz network",
        "Erichson et al., 2021, https://arxiv.org/abs/2006.12070",
        34_000,
    ),
    "unicornn-psmnist": NamedModel(
        summary="pixel-by-pixel MNIST, permuted: 3 layers of 256 undamped, uncoupled oscillators",
        task="sequence_classifier",
        network=pixel_classifier(
            StackSpec(
                cell=UnICORNNSpec(dt=0.19, alpha=30.65),
                hidden_size=256,
                num_layers=3,
                switches=VariationalDropoutSpec(recurrent=0.0, output=0.1),
            )
        ),
        paper="Rusch & Mishra, 2021, https://arxiv.org/abs/2103.05487",
    ),
}
