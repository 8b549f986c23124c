"""The torch-native engine: torch's own RNN, LSTM and GRU kernels, with lengths and resets made exact.

The kernels know neither. Lengths cost no packing: outputs before the padding do not depend on it, so
the padded run is right where it is valid, and the final state is the output at the last valid step.
Only the LSTM's cell state is not among the outputs; one more input column, 1 in the padding, closes
the input gate and opens the forget gate there, so that the cell state stays what it was, to the bit.
A rectified network could grow without bound in the padding; the same column holds it at zero there.
"""

from dataclasses import replace
from typing import ClassVar, final

import torch
from torch import Tensor

from zoo.engines.base import Engine, ForwardRun, PreparedRun
from zoo.engines.recurrence import Recurrence, Refusal, Sequences, State, TorchEquivalent
from zoo.engines.segments import run_segments

SATURATING = 2.0**14
"""A pre-activation at which a sigmoid is 0 or 1 to the bit in every float type, and finite in float16."""


@final
class NativeEngine(Engine):
    """Torch's own kernels."""

    reason: ClassVar[str] = "the equations are exactly those of a torch kernel"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        if recurrence.gradient_clip:
            raise Refusal("torch's kernels cannot clip the recurrent gradient at each step")
        if recurrence.torch_equivalent is None:
            raise Refusal("torch has no kernel for this cell")
        return NativeRun()


@final
class NativeRun(ForwardRun):
    """Runs recurrences that have a torch equivalent."""

    def forward(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        return run_native(recurrence, sequences)


def run_native(recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
    """Runs a recurrence that has a torch equivalent; see `zoo.engines.recurrence.RunFunction`."""
    assert recurrence.torch_equivalent is not None
    assert not sequences.backward
    if sequences.resets is not None:
        return run_segments(run_native, recurrence, sequences)
    if sequences.x.shape[0] == 0:
        # torch's kernels refuse T = 0
        batch_size = sequences.x.shape[1]
        return sequences.x.new_zeros(0, batch_size, recurrence.output_size), sequences.state
    equivalent = recurrence.torch_equivalent()
    if sequences.mask is None:  # the common case: torch's kernel as it is
        return _kernel(equivalent, sequences.x, sequences.state)
    equivalent, x = _held_in_padding(equivalent, sequences.x, sequences.mask)
    outputs, final = _kernel(equivalent, x, sequences.state)
    outputs = torch.where(sequences.mask, outputs, 0)
    h = _last_valid(outputs, sequences)
    return outputs, (h, *final[1:])


def _kernel(equivalent: TorchEquivalent, x: Tensor, state: State) -> tuple[Tensor, State]:
    """Calls torch's kernel for one layer and one direction; x (T, B, I), time major."""
    weights = [equivalent.weight_ih, equivalent.weight_hh, *(equivalent.biases or ())]
    initial = [part.unsqueeze(0).to(x.dtype) for part in state]
    # has_biases, num_layers, dropout, train, bidirectional, batch_first
    options = (equivalent.biases is not None, 1, 0.0, torch.is_grad_enabled(), False, False)
    if equivalent.kind == "lstm":
        outputs, h, c = torch.lstm(x, initial, weights, *options)
        return outputs, (h.squeeze(0), c.squeeze(0))
    kernel = {"gru": torch.gru, "rnn_tanh": torch.rnn_tanh, "rnn_relu": torch.rnn_relu}[equivalent.kind]
    outputs, h = kernel(x, initial[0], weights, *options)
    return outputs, (h.squeeze(0),)


def _held_in_padding(equivalent: TorchEquivalent, x: Tensor, mask: Tensor) -> tuple[TorchEquivalent, Tensor]:
    """Adds the input column that acts in the padding only: i = 0 and f = 1 in an LSTM, h = 0 with relu."""
    if equivalent.kind not in ("lstm", "rnn_relu"):
        return equivalent, x
    # a sigmoid is shut by little; a rectifier has to outweigh what the state has grown to
    kind = x.device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype
    amount = SATURATING if equivalent.kind == "lstm" else torch.finfo(dtype).max / 4
    column = torch.full_like(equivalent.weight_ih[:, :1], -amount, requires_grad=False)
    if equivalent.kind == "lstm":
        _, f, g, o = column.chunk(4)
        f.fill_(amount)
        g.zero_()
        # o may do as it likes, for outputs in the padding are set to 0
        o.zero_()
    weight_ih = torch.cat([equivalent.weight_ih, column], dim=1)
    return replace(equivalent, weight_ih=weight_ih), torch.cat([x, (~mask).to(x.dtype)], dim=2)


def _last_valid(outputs: Tensor, sequences: Sequences) -> Tensor:
    """The output at each sequence's last valid step, or its initial h where it has no step; (B, H)."""
    assert sequences.lengths is not None
    rows = torch.arange(outputs.shape[1], device=outputs.device)
    # without the clamp a length of 0 would read step -1, the last of the padding
    last = outputs[(sequences.lengths - 1).clamp(min=0), rows]
    return torch.where((sequences.lengths > 0).unsqueeze(-1), last, sequences.state[0].to(outputs.dtype))
