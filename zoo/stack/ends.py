"""What a stack has made of a whole sequence: its outputs where its directions end."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from zoo.stack.stack import Stack


def backward_columns(stack: Stack) -> int:
    """How many of the last columns of a stack's outputs a backward reading has made."""
    (*_, (layer, _)) = stack.levels()
    widths = {
        "forward": 0,
        "backward": stack.output_size,
        "bidirectional": layer.ways()[-1].output_size,
    }
    return widths[stack.spec.directions[-1]]


def final_outputs(
    outputs: Float[Tensor, "B T O"], count: Int[Tensor, " B"], backward: int
) -> Float[Tensor, "B O"]:
    """The output at each sequence's last valid step, at its first step in the last `backward` columns.

    Args:
        outputs: Of a stack, 0 in the padding.
        count: Valid steps of each sequence; where there are none, the result is 0.
        backward: As `backward_columns` gives it.
    """
    if outputs.shape[1] == 0:
        return outputs.sum(1)
    rows = torch.arange(outputs.shape[0], device=outputs.device)
    forward = outputs.shape[2] - backward
    return torch.cat([outputs[rows, (count - 1).clamp(min=0), :forward], outputs[:, 0, forward:]], dim=1)
