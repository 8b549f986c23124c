"""The sLSTM of the authors' package xlstm."""

from typing import final

import torch
from torch import Tensor

from zoo.cells import CellSpec, SLSTMSpec
from zoo.layouts.base import LAYOUTS, Layout, stack_alone
from zoo.layouts.gates import Rows, gate_rows, gated_cell, settled
from zoo.layouts.levels import Placed, obstacle, stack_of
from zoo.layouts.weights import Weights, listed
from zoo.model import Model
from zoo.stack import Stack

ORDER = "ifzo"
"""The gates in the rows of the cell."""
LAYERS = ("fgate", "igate", "zgate", "ogate")
"""What gives their inputs, in the same order: the layer called fgate goes to i, and igate to f."""
KERNEL, BIAS = "_recurrent_kernel_", "_bias_"


@final
@LAYOUTS.register("xlstm")
class XLSTMLayout(Layout):
    """One sLSTM layer of xlstm: its gates and its cell, on a CPU ("vanilla") or a GPU ("cuda").

    `part` is where it stands, such as "xlstm_block_stack.blocks.1.xlstm". Only what is between its
    convolution and its norm has a place here. What stands around it is refused: convolution, norms,
    feed-forward layers; who leaves these out of the weights gets the recurrence alone, h_t. With
    "...xlstm.slstm_cell" it is the cell, whose inputs (B, T, 4H) are the products of the gates i, f, z and o.
    An mLSTM of its blocks is refused: its q and k come of a convolution over time, its gates read q, k and v,
    and a skip goes around its memory, which no cell here has. xLSTM 7B, which has none of these, is read by
    layout `xlstm_large`.
    Reference: Beck et al., 2024, https://arxiv.org/abs/2405.04517, and the authors' code,
    https://github.com/NX-AI/xlstm, with its default `function="slstm"`.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Stack:
        begin = "" if KERNEL in weights else "slstm_cell."
        if f"{begin}{KERNEL}" not in weights:
            raise ValueError(_no_layer(weights))
        kernel = weights.take(begin + KERNEL, -1, -1, -1)
        heads, width = len(kernel), min(kernel.shape[1:])
        bias = weights.take(begin + BIAS, heads * len(ORDER) * width)
        weight_hh, bias_hh = _recurrent(kernel, bias)
        if begin:
            gates = [weights.take(f"{name}.weight", heads, width, width) for name in LAYERS]
            weight_ih = torch.cat([_matrix(gate) for gate in gates])
        else:
            weight_ih = torch.eye(len(bias)).to(bias)
        spec = settled(SLSTMSpec(heads=heads), cell)
        rows = Rows(weight_ih, weight_hh, None, bias_hh)
        return stack_of([[Placed(begin + KERNEL, gated_cell(spec, heads * width, ORDER, rows))]])

    def write(self, module: Stack | Model) -> dict[str, Tensor]:
        """The weights of a layer for a CPU, without a convolution and without its norm's."""
        stack = stack_alone(module)
        reason = _reason(stack)
        if reason is not None:
            raise ValueError(f"no sLSTM layer of xlstm equals this stack: {reason}")
        (cell,) = stack.cells()
        rows, heads = gate_rows(cell, ORDER), cell.hidden_size // cell.recurrent_size
        inputs = rows.weight_ih.chunk(len(ORDER))
        blocks = rows.weight_hh.view(len(ORDER), heads, cell.recurrent_size, cell.recurrent_size)
        bias = rows.weight_ih.new_zeros(len(rows.weight_ih)) if rows.bias_ih is None else rows.bias_ih
        written = {f"{name}.weight": _blocks(gate, heads) for name, gate in zip(LAYERS, inputs, strict=True)}
        written[f"slstm_cell.{KERNEL}"] = blocks.transpose(0, 1).reshape(heads, -1, cell.recurrent_size)
        return written | {f"slstm_cell.{BIAS}": bias}


def _recurrent(kernel: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The recurrent weights (4H, D) and biases (4H,), gate by gate and in each head by head."""
    heads, rows, columns = kernel.shape
    width, gates = min(rows, columns), len(ORDER)
    if rows == gates * width and columns == width:  # on a CPU: head, gate, output, input; gate, head
        blocks, biases = kernel.view(heads, gates, width, width), bias.view(gates, heads, width)
    elif columns == gates * width:  # on a GPU: head, input, gate, output; head, gate
        blocks = kernel.view(heads, width, gates, width).permute(0, 2, 3, 1)
        biases = bias.view(heads, gates, width).transpose(0, 1)
    else:
        raise ValueError(
            f"{KERNEL!r} has shape {tuple(kernel.shape)}; expected (heads, 4 D, D) or (heads, D, 4 D)"
        )
    return blocks.transpose(0, 1).reshape(-1, width), biases.reshape(-1)


def _matrix(blocks: Tensor) -> Tensor:
    """A matrix (N D, N D) with these blocks (N, D, D) on its diagonal."""
    heads, width, _ = blocks.shape
    apart = torch.eye(heads).to(blocks)
    return torch.einsum("kij,kl->kilj", blocks, apart).reshape(heads * width, heads * width)


def _blocks(matrix: Tensor, heads: int) -> Tensor:
    """The blocks on the diagonal of a matrix."""
    width = len(matrix) // heads
    return torch.einsum("kikj->kij", matrix.view(heads, width, heads, width))


def _no_layer(weights: Weights) -> str:
    """Why nothing is read."""
    if any(".mlstm_layer." in name for name in weights):
        return f"of xlstm one sLSTM layer has a place, got {listed(weights)}; expected layout 'xlstm_large'"
    end = f".slstm_cell.{KERNEL}"
    places = [weights.full(name).removesuffix(end) for name in weights if name.endswith(end)]
    expected = f"`part`, as in part={places[0]!r}" if places else f"'slstm_cell.{KERNEL}'"
    return (
        f"of xlstm one sLSTM layer has a place, without what stands around it, got {listed(weights)}; "
        f"expected {expected}"
    )


def _reason(stack: Stack) -> str | None:
    """Why a stack is no such layer, or None."""
    cell = stack.cells()[0]
    if stack.spec.num_layers > 1 or "bidirectional" in stack.spec.directions:
        return "it has several layers or directions"
    if not isinstance(cell.spec, SLSTMSpec) or cell.spec.forget != "sigmoid":
        return f"its cell is {cell.spec}"
    if cell.input_size != cell.hidden_size:
        return f"it reads a width of {cell.input_size} and has {cell.hidden_size}"
    heads = cell.hidden_size // cell.recurrent_size
    gates = cell.weight_ih.chunk(len(ORDER))
    if any(not torch.equal(_matrix(_blocks(gate, heads)), gate) for gate in gates):
        return "its input weights join heads"
    return obstacle(stack.spec)
