"""How the outputs of all steps become one vector."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from zoo.stack import Stack, backward_columns, final_outputs


def pooled(
    name: str,
    outputs: Float[Tensor, "B T H"],
    lengths: Int[Tensor, " B"] | None,
    stack: Stack,
    attention: nn.Linear | None,
) -> Tensor:
    """(B, H), or the outputs as they are with pooling "none"; 0 for sequences of length 0.

    Args:
        name: A `PoolingName`.
        outputs: Of a stack.
        lengths: Valid steps of each sequence; None where all are valid.
        stack: The stack, which knows where its directions end.
        attention: Scores each step, for pooling "attention".
    """
    if name == "none":
        return outputs
    steps = outputs.shape[1]
    if lengths is None:
        count = torch.full(outputs.shape[:1], steps, device=outputs.device)
    else:
        count = lengths.to(outputs.device, torch.long)
    if name == "last":
        return final_outputs(outputs, count, backward_columns(stack))
    valid = (torch.arange(steps, device=outputs.device) < count[:, None]).unsqueeze(-1)
    if name == "mean":
        return outputs.sum(1) / count.clamp(min=1)[:, None]
    if name == "max":
        return _max(outputs, valid)
    assert attention is not None
    scores = attention(outputs)
    scores = scores.masked_fill(~valid, torch.finfo(scores.dtype).min)
    return (torch.softmax(scores, dim=1) * valid * outputs).sum(1)


COMPARED = 4
"""How many times as wide as a vector the comparison of two is."""


def compared(u: Float[Tensor, "B H"], v: Float[Tensor, "B H"]) -> Float[Tensor, "B 4*H"]:
    """Two vectors, their distance in each entry, and their product in each: [u; v; |u - v|; u * v]."""
    return torch.cat([u, v, (u - v).abs(), u * v], dim=-1)


def check_pairs(pairs: bool, pooling: str, tie_weights: bool, characters: bool) -> None:
    """Raises ValueError where two sequences are to be compared and cannot be."""
    if pairs and pooling == "none":
        raise ValueError("pairs are compared by one vector for each; got pooling 'none', expected another")
    if pairs and (tie_weights or characters):
        what = "tie_weights" if tie_weights else "characters"
        raise ValueError(f"pairs is true with {what}, which it cannot be; expected one of the two")


def _max(outputs: Float[Tensor, "B T H"], valid: Bool[Tensor, "B T 1"]) -> Float[Tensor, "B H"]:
    """The element-wise maximum over valid steps."""
    if outputs.shape[1] == 0:
        return outputs.sum(1)
    least = torch.finfo(outputs.dtype).min
    highest = outputs.masked_fill(~valid, least).amax(1)
    return torch.where(valid.any(1), highest, 0)
