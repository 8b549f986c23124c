"""Two cells of a user's own, in the user's own file, with their oracles: the battery takes them as well.

They are registered in a registry of their own, so that no other test meets them in the zoo's.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import numpy as np
import pytest
import torch
from jaxtyping import Float
from oracles.arrays import Array, State, Weights, affine, beside
from oracles.cells import mgu
from torch import Tensor

from zoo import registry
from zoo.cells import Card, Cell, CellSpec, register_cell
from zoo.cells import register as cells_register
from zoo.cells.base import Hidden, Product
from zoo.engines import State as TorchState

OWN = registry.Registry("cell")
"""Where the cells of this file are registered."""


class ClockedState(NamedTuple):
    """A hidden vector, and one number for each sequence."""

    h: Float[Tensor, "B H"]
    k: Float[Tensor, "B 1"]


@final
@dataclass(frozen=True, kw_only=True)
class MGUSpec(CellSpec):
    """Options of the minimal gated unit."""


@final
@dataclass(frozen=True, kw_only=True)
class ClockedSpec(CellSpec):
    """Options of the clocked cell."""

    clock: Literal["outside", "inside"] = "inside"
    """Whether the clock also drives the hidden state."""


with pytest.MonkeyPatch.context() as patch:
    patch.setattr(cells_register, "CELLS", OWN)

    @final
    @register_cell("own_mgu", MGUSpec)
    class MGU(Cell):
        """f = σ(.. h); n = tanh(.. f∘h); h <- (1-f)∘h + f∘n (Zhou et al., 2016): two products in a row."""

        card: ClassVar[Card] = Card(paper="Zhou et al., 2016, https://arxiv.org/abs/1603.09420")
        gates: ClassVar[str] = "fn"

        def step(
            self, pre: Float[Tensor, "B G"], state: TorchState, product: Product
        ) -> tuple[Tensor, TorchState]:
            (h,) = state
            x_f, x_n = pre.chunk(2, dim=-1)
            f = torch.sigmoid(x_f + product("f", h))
            n = torch.tanh(x_n + product("n", f * h))
            h = (1 - f) * h + f * n
            return h, Hidden(h)

    @final
    @register_cell("own_clocked", ClockedSpec)
    class Clocked(Cell):
        """h <- tanh(W x + U h + b + k), k <- k/2 + 1, output [h; k∘h]: widths that all differ."""

        card: ClassVar[Card] = Card(paper="made for this test")
        gates: ClassVar[str] = "h"
        state_type = ClockedState
        spec: ClockedSpec

        @property
        def output_size(self) -> int:
            return 2 * self.hidden_size

        @property
        def state_sizes(self) -> tuple[int, ...]:
            return self.hidden_size, 1

        def step(
            self, pre: Float[Tensor, "B G"], state: TorchState, product: Product
        ) -> tuple[Tensor, TorchState]:
            h, k = state
            drive = k if self.spec.clock == "inside" else 0
            h = torch.tanh(pre + product("h", h) + drive)
            k = k / 2 + 1
            return torch.cat([h, k * h], dim=-1), ClockedState(h, k)


class ClockedEquations:
    """The equations of Clocked."""

    @staticmethod
    def step(weights: Weights, x: Array, state: State, spec: ClockedSpec) -> tuple[Array, State]:
        h, k = state
        h_new = np.tanh(affine(weights, "h", x, h) + (k if spec.clock == "inside" else 0.0))
        k_new = k / 2 + 1
        return beside(h_new, k_new * h_new), (h_new, k_new)


EQUATIONS = {"own_mgu": mgu, "own_clocked": ClockedEquations}
"""The oracles of the cells of this file."""
