"""The AWD_LSTM of fastai."""

from typing import final

from torch import Tensor

from zoo.cells import CellSpec
from zoo.layouts.base import LAYOUTS, Layout
from zoo.layouts.weight_drop import Names, read_model, write_model
from zoo.layouts.weights import Weights
from zoo.model import Model
from zoo.stack import Stack

NAMES = Names(
    embeddings=("0.encoder.weight", "0.encoder_dp.emb.weight"),
    layer="0.rnns.{k}.module.",
    raw="0.rnns.{k}.weight_hh_l0_raw",
    decoder="1.decoder.",
    always_tied=False,
)


@final
@LAYOUTS.register("fastai")
class FastaiLayout(Layout):
    """The language model of AWD-LSTM as fastai names it, in all its versions.

    What it takes and what it leaves is as in layout `awd_lstm`, whose names are read, too.
    Reference: Howard and Ruder, 2018, https://arxiv.org/abs/1801.06146, and https://github.com/fastai/fastai,
    `text/models/awdlstm.py`.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Model:
        return read_model(weights, cell)

    def write(self, module: Stack | Model) -> dict[str, Tensor]:
        """The weights of `get_language_model(AWD_LSTM, ...)`."""
        return write_model(module, NAMES)
