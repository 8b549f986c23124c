"""The AWD-LSTM of Merity et al."""

from typing import final

from torch import Tensor

from zoo.cells import CellSpec
from zoo.layouts.base import LAYOUTS, Layout
from zoo.layouts.weight_drop import Names, read_model, write_model
from zoo.layouts.weights import Weights
from zoo.model import Model
from zoo.stack import Stack

NAMES = Names(
    embeddings=("encoder.weight",),
    layer="rnns.{k}.module.",
    raw="rnns.{k}.module.weight_hh_l0_raw",
    decoder="decoder.",
    always_tied=True,
)


@final
@LAYOUTS.register("awd_lstm")
class AWDLSTMLayout(Layout):
    """The language model of AWD-LSTM as its authors name it.

    Names of fastai's are read, too. Of a recurrent weight that is dropped in training the whole,
    `weight_hh_l0_raw`, is taken; one without `_raw` beside it is what the last mask has left, and is let go.
    The model computes what theirs does in evaluation; none of its dropout is carried over. Where they split a
    large vocabulary, the vectors of its parts are in their criterion, not among these weights, and the
    decoder alone is not their softmax.
    Reference: Merity et al., 2018, https://arxiv.org/abs/1708.02182, and the authors' code,
    https://github.com/salesforce/awd-lstm-lm.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Model:
        return read_model(weights, cell)

    def write(self, module: Stack | Model) -> dict[str, Tensor]:
        """The weights as their model with `wdrop` names them."""
        return write_model(module, NAMES)
