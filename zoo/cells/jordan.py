"""The recurrent network whose output is fed back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "identity": lambda value: value,
}


@final
@dataclass(frozen=True, kw_only=True)
class JordanSpec(CellSpec):
    """Options of the Jordan network."""

    activation: Literal["sigmoid", "tanh"] = "sigmoid"
    """f of the equations, that of the hidden units."""

    output: Literal["sigmoid", "tanh", "identity"] = "identity"
    """g of the equations, that of the output units; with "sigmoid" they are logistic as the hidden ones."""

    decay: float = 0.0
    """μ: how much of its last value a state unit keeps; at 0 it is the last output."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.decay < 1:
            raise ValueError(f"decay is {self.decay}; expected a number from 0 up to, but not including, 1")


class JordanState(NamedTuple):
    """State of the Jordan network: its state units, a trace of its outputs."""

    s: Float[Tensor, "B H"]


@final
@register_cell("jordan", JordanSpec)
class Jordan(Cell):
    r"""The Jordan network: what it remembers is what it has put out, and not what it has thought.

    Equations::

        h_t = f(W_h x_t + U_h s_{t-1} + b_h)
        y_t = g(U_y h_t + d_y)
        s_t = μ s_{t-1} + y_t

    Rows of the fused weights: h; of the recurrent ones: h, y; of `bias_hh`: y. State: s (B, H). Output: y_t.
    Reference: Jordan, 1986, Serial order: a parallel distributed processing approach, ICS Report 8604,
    https://doi.org/10.1016/S0166-4115(97)80111-2 (reprint of 1997), whose plan is x here.
    Deviations: output units are linear by default, and as many as hidden ones; state units do not feed one
    another, each has its own loop of weight μ, the same for all; the plan may change from step to step.
    """

    card: ClassVar[Card] = Card(
        paper="Jordan, 1986, https://doi.org/10.1016/S0166-4115(97)80111-2",
        claim="State units are an exponential trace of the outputs.",
    )
    gates: ClassVar[str] = "h"
    state_type = JordanState
    spec: JordanSpec

    @property
    def recurrent_gates(self) -> str:
        return "hy"

    @property
    def recurrent_bias(self) -> str:
        return "y"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (s,) = state
        h = ACTIVATIONS[self.spec.activation](pre + product("h", s))
        y = ACTIVATIONS[self.spec.output](product("y", h))
        s = y if self.spec.decay == 0 else self.spec.decay * s + y
        return y, JordanState(s)
