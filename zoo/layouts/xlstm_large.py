"""The language model xLSTM 7B as the authors' package names it."""

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
@LAYOUTS.register("xlstm_large")
class XLSTMLargeLayout(Layout):
    """The language model of `xlstm.xlstm_large`, with `weight_mode="single"` and `use_bias=False`.

    Names of transformers are read, too. The shapes say all sizes. The weights do not say, and are taken to be
    the package's defaults: the soft caps of the gates, 15, and of the logits, 30, and 1e-6 wherever something
    is added to what divides; `cell=MLSTMSpec(gate_cap=...)` says otherwise for the gates. All is computed in
    the type of the weights, where theirs computes the memory in bfloat16 and norms in single precision. Its
    states are not ours: they divide q by √K, not k.
    Reference: Beck et al., 2025, https://arxiv.org/abs/2503.13427, and the authors' code,
    https://github.com/NX-AI/xlstm, `xlstm/xlstm_large/model.py`.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Model:
        return read_model(weights, cell)

    def write(self, module: Stack | Model) -> dict[str, Tensor]:
        """The weights of `xLSTMLarge`."""
        return write_model(module, EMBEDDINGS[0])
