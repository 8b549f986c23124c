"""The language model xLSTM 7B as transformers names it."""

from typing import final

from torch import Tensor

from zoo.cells import CellSpec
from zoo.layouts.base import LAYOUTS, Layout
from zoo.layouts.weights import Weights
from zoo.layouts.xlstm_blocks import read_model, write_model
from zoo.layouts.xlstm_names import EMBEDDINGS
from zoo.model import Model
from zoo.stack import Stack


@final
@LAYOUTS.register("xlstm_transformers")
class XLSTMTransformersLayout(Layout):
    """The `xLSTMForCausalLM` of transformers, which is what the hub has as NX-AI/xLSTM-7b.

    What it takes and what it assumes is as in layout `xlstm_large`, whose names are read, too.
    Reference: Beck et al., 2025, https://arxiv.org/abs/2503.13427, and
    https://github.com/huggingface/transformers, `models/xlstm/modeling_xlstm.py`.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Model:
        return read_model(weights, cell)

    def write(self, module: Stack | Model) -> dict[str, Tensor]:
        """The weights of `xLSTMForCausalLM`."""
        return write_model(module, EMBEDDINGS[1])
