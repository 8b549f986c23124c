"""From the state in which an encoder ends to that in which a decoder starts."""

from collections.abc import Iterator
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo.seq2seq.spec import BridgeName
from zoo.stack import BothStates, Stack, StackState, check_weights, map_state

Form = list[tuple[tuple[str, int], ...]]
"""For each layer the names and widths of its state."""


@final
class Bridge(nn.Module):
    """The decoder's first state s_0, from the encoder's final state f.

    "learned": s_0 = start + tanh(W f + b), with all parts of all layers and directions in f, and start as the
    decoder's own (0 unless it is learned). "zero": s_0 = start. "copied": s_0 = f, layer by layer; the two
    directions of a layer are put side by side.
    Reference: learned, Bahdanau et al., 2015, https://arxiv.org/abs/1409.0473, appendix A.2.2, from the first
    backward output alone; copied, Sutskever et al., 2014, https://arxiv.org/abs/1409.3215.

    Args:
        kind: learned, zero or copied.
        encoder: Whose state it starts from.
        decoder: Whose state it makes.

    Raises:
        ValueError: the state is to be copied, and the two are not of one form.
    """

    def __init__(self, kind: BridgeName, encoder: Stack, decoder: Stack) -> None:
        super().__init__()
        self.kind = kind
        ours, theirs = _form(encoder), _form(decoder)
        if kind == "copied" and ours != theirs:
            raise ValueError(
                f"bridge 'copied' needs one form of both states; the encoder ends in {_said(ours)} and the "
                f"decoder starts in {_said(theirs)}; expected equal ones (two directions count together), or "
                f"bridge 'learned'"
            )
        self.layer = None
        if kind == "learned":
            sizes = [sum(width for layer in form for _, width in layer) for form in (ours, theirs)]
            check_weights(sizes[0] * sizes[1], f"the bridge from states of {sizes[0]} to {sizes[1]} numbers")
            self.layer = nn.Linear(sizes[0], sizes[1])

    def forward(self, final: StackState, start: StackState) -> StackState:
        """The decoder's first state.

        Args:
            final: The encoder's final state.
            start: The state in which the decoder would start by itself.
        """
        if self.kind == "zero":
            return start
        if self.layer is None:
            side_by_side = iter([part for entry in final for part in _joined(entry)])
            return map_state(lambda _: next(side_by_side), start)
        f = torch.cat([part for entry in final for part in _joined(entry)], dim=-1)
        widths = [part.shape[-1] for entry in start for part in _joined(entry)]
        made = iter(torch.split(torch.tanh(self.layer(f)), widths, dim=-1))
        return map_state(lambda part: part + next(made), start)


def _joined(entry: Any) -> Iterator[Tensor]:
    """The parts of a layer's state, (B, width) each; those of two directions side by side."""
    if isinstance(entry, BothStates):
        return (torch.cat(parts, dim=-1) for parts in zip(*entry, strict=True))
    return iter(entry)


def _form(stack: Stack) -> Form:
    form = Form()
    for layer, _ in stack.levels():
        ways = layer.ways()
        names, sizes = ways[0].cell.state_type._fields, ways[0].cell.state_sizes
        form.append(tuple((name, len(ways) * size) for name, size in zip(names, sizes, strict=True)))
    return form


def _said(form: Form) -> str:
    layers = ["(" + ", ".join(f"{name} {width}" for name, width in layer) + ")" for layer in form]
    return " ".join(layers)
