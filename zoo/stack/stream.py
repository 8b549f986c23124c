"""A stack that reads a stream, one moment after the other."""

from typing import TYPE_CHECKING, Any, cast, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.engines import State, Stepper
from zoo.stack.layer import Direction
from zoo.wiring import Plain

if TYPE_CHECKING:  # a stack imports this module
    from zoo.stack.stack import Stack, StackState


@final
class Stream:
    """What `Stack.step` gives moment after moment, without gradients and with nothing set up again.

    The weights are those of the moment in which it is made.

    Args:
        stack: In evaluation.
        state: Before the first moment.
    """

    def __init__(self, stack: "Stack", state: "StackState") -> None:
        self._stack, self._levels = stack, []
        for (layer, wiring), entry in zip(stack.levels(), state, strict=True):
            (way,) = layer.ways()
            start = cast("State", entry)
            self._levels.append((way, way.stepper(start), None if isinstance(wiring, Plain) else wiring))
        weight = stack.cells()[0].weight_ih
        self._fits = ((len(start[0]), stack.input_size), weight.dtype, weight.device)

    def __reduce__(self) -> Any:
        """A copy goes on from the same state, with the weights of the moment of copying."""
        return Stream, (self._stack, self.state)

    @property
    def state(self) -> "StackState":
        """The state after the last moment, as `Stack.forward` takes it; a copy."""
        return tuple(way.typed(stepper.state) for way, stepper, _ in self._levels)

    @torch.no_grad()
    def __call__(self, x: Float[Tensor, "B I"], deltas: Float[Tensor, " B"] | None = None) -> Tensor:
        """The outputs (B, O) of the next moment.

        Args:
            x: Its inputs.
            deltas: Time since the moment before, for cells that read it; None is 1.

        Raises:
            ValueError: x does not fit.
        """
        if deltas is not None or (x.shape, x.dtype, x.device) != self._fits:
            self._check(x, deltas)
        h = x
        for way, stepper, wiring in self._levels:
            if wiring is None:
                h = _step(way, stepper, h, deltas)
            else:
                h = wiring(h, _step(way, stepper, wiring.enter(h), deltas))
        return h.clone()  # memory that the next moment does not write into

    def _check(self, x: Tensor, deltas: Tensor | None) -> None:
        self._stack.check_moment(x, deltas)
        shape, dtype, device = self._fits
        if (x.shape, x.dtype, x.device) != self._fits:
            raise ValueError(
                f"the stream got inputs {tuple(x.shape)} of type {x.dtype} on {x.device}; expected {shape} "
                f"of type {dtype} on {device}, as it was made: stream(batch_size=...)"
            )


def _step(way: Direction, stepper: Stepper, x: Tensor, deltas: Tensor | None) -> Tensor:
    """One moment of one layer."""
    if not way.switches and not way.cell.reads_deltas:
        return stepper(x)
    read = way.read(x[None], None if deltas is None else deltas[None])[0]
    return way.given(stepper(read)[None])[0]
