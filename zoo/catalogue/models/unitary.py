"""Pixels by unitary and orthogonal networks: Arjovsky et al., 2016; Helfrich et al., 2018; expRNN, 2019."""

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.pixels import pixel_classifier
from zoo.cells import CellSpec, ExpRNNSpec, ScoRNNSpec, URNNSpec
from zoo.stack import StackSpec


def _orthogonal(cell: CellSpec, words: str, width: int, paper: str) -> NamedModel:
    return NamedModel(
        summary=f"pixel-by-pixel MNIST: {width} units with an orthogonal recurrent matrix, {words}",
        task="sequence_classifier",
        network=pixel_classifier(StackSpec(cell=cell, hidden_size=width)),
        paper=paper,
    )


def _cayley(width: int) -> NamedModel:
    cell, paper = ScoRNNSpec(negative=0.1), "Helfrich et al., 2018, https://arxiv.org/abs/1707.09520"
    return _orthogonal(cell, "by the Cayley transform", width, paper)


def _exponential(width: int) -> NamedModel:
    paper = "Lezcano-Casado & Martínez-Rubio, 2019, https://arxiv.org/abs/1901.08428"
    return _orthogonal(ExpRNNSpec(), "by the matrix exponential", width, paper)


MODELS = {
    "urnn-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: 512 complex units with a unitary recurrent matrix",
        task="sequence_classifier",
        network=pixel_classifier(StackSpec(cell=URNNSpec(), hidden_size=512, learn_initial_state=True)),
        paper="Arjovsky et al., 2016, https://arxiv.org/abs/1511.06464",
    ),
    "scornn-170-mnist": _cayley(170),
    "scornn-360-mnist": _cayley(360),
    "exprnn-170-mnist": _exponential(170),
    "exprnn-360-mnist": _exponential(360),
    "exprnn-512-mnist": _exponential(512),
}
