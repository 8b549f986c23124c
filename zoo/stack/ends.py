"""What a stack has made of a whole sequence: its outputs where its directions end."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from zoo.stack.spec import StackSpec
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


def check_ends(spec: StackSpec, reader: str) -> None:
    """Refuses to read the two directions at opposite ends where they are mixed by then.

    Args:
        spec: Of the stack.
        reader: What reads them so, for the message; "" where nothing does.

    Raises:
        ValueError: the last layer's merge or wiring mixes them.
    """
    if not reader or spec.directions[-1] != "bidirectional":
        return
    said = f"{reader} reads the two directions at opposite ends, and"
    if spec.merge != "concat":
        raise ValueError(
            f"{said} merge {spec.merge!r} mixes them; expected merge 'concat' or another pooling"
        )
    if spec.wirings[-1].mixes:
        raise ValueError(
            f"{said} wiring {spec.wirings[-1].key!r} mixes them; expected another wiring of the last layer, "
            f"or another pooling"
        )
