"""Pixels by flows that neither grow nor decay: Chang et al., 2019."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import AntisymmetricRNNSpec, CellSpec, GatedAntisymmetricRNNSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec


def _model(data: str, channels: int, width: int, published: int, gated: bool) -> NamedModel:
    cell: CellSpec = GatedAntisymmetricRNNSpec() if gated else AntisymmetricRNNSpec()
    return NamedModel(
        summary=f"pixel-by-pixel {data}: {width} units with an antisymmetric recurrent matrix"
        + ", gated" * gated,
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell=cell, hidden_size=width),
            input_size=channels,
            output_size=10,
            pooling="last",
        ),
        paper="Chang et al., 2019, https://arxiv.org/abs/1902.09689",
        published=published,
        rounded_to=1_000,
        counted="skew-symmetric matrices once",
        deviations="step and diffusion are the cell's defaults, where the paper tunes them",
    )


MODELS = {
    "antisymmetric-mnist": _model("MNIST", 1, 128, 10_000, gated=False),
    "gated-antisymmetric-mnist": _model("MNIST", 1, 128, 10_000, gated=True),
    "antisymmetric-cifar10": _model("CIFAR-10", 3, 256, 36_000, gated=False),
    "gated-antisymmetric-cifar10": _model("CIFAR-10", 3, 256, 37_000, gated=True),
}
