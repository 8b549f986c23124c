"""The fast-slow network of any cells."""

from collections import namedtuple
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import (
    Card,
    Cell,
    CellSpec,
    Map,
    Product,
    Recurrence,
    State,
    Wrapper,
    WrapperSpec,
    register_cell,
)

PRE = "pre"
"""What `product` is asked for where a cell's input comes from another cell."""


@final
@dataclass(frozen=True, kw_only=True)
class FastSlowSpec(WrapperSpec):
    """Options of the fast-slow network."""

    slow: CellSpec | str = "lstm"
    """The slow cell: its name, or its spec; `cell` is that of the fast ones."""

    fast: int = 2
    """k: fast cells, one after the other in each step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.settle("slow")
        if isinstance(self.fast, bool) or not isinstance(self.fast, int) or self.fast < 2:
            raise ValueError(f"fast is {self.fast!r}; expected an integer of at least 2")

    @property
    def outer(self) -> CellSpec:
        """The slow cell."""
        return cast("CellSpec", self.slow)

    @property
    def width_step(self) -> int:
        return max(self.inner.width_step, self.outer.width_step)


@final
@register_cell("fast_slow", FastSlowSpec)
class FastSlow(Wrapper):
    r"""The fast-slow network: fast cells take several steps in one, and a slow one remembers in between.

    Equations, with f_t the state of the fast cells after the last of them, s_t that of the slow one::

        f^1 = F_1(x_t, f_{t-1})
        s_t = S(f^1, s_{t-1})
        f^2 = F_2(s_t, f^1)
        f^i = F_i(0, f^{i-1}),  i = 3 .. k
        f_t = f^k

    where a cell takes an input, which is the output of another, and a state. Parameters: `inner.*` of F_1,
    `slow.*` of S, `second.*` of F_2, `rest.*` of F_3 and those behind, whose input weights multiply a 0 and
    are not trained. State: that of a fast cell and that of the slow one. Output: that of F_k.
    Reference: Mujika et al., 2017, https://arxiv.org/abs/1705.08639, equations 1 to 5, with LSTMs as its
    cells. Deviations: none; its LSTMs have layer normalisation, as `layernorm_lstm`, and zoneout.
    """

    card: ClassVar[Card] = Card(
        paper="Mujika et al., 2017, https://arxiv.org/abs/1705.08639",
        equations="1 to 5",
        family="wrapper",
        claim="From step to step the slow state takes one cell's way, the fast one that of k cells.",
    )
    gates: ClassVar[str] = ""
    spec: FastSlowSpec

    @property
    def state_type(self) -> Any:
        return _state_type(self.inner.state_type._fields, self.slow.state_type._fields)

    @property
    def recurrent_gates(self) -> str:
        return ""  # there are several, by paths

    @property
    def output_size(self) -> int:
        return self.inner.output_size

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (*self.inner.state_sizes, *self.slow.state_sizes)

    @property
    def inside(self) -> dict[str, Cell]:
        behind = {f"rest.{k}": cell for k, cell in enumerate(self._behind)}
        return {"inner": self.inner, "slow": self.slow, "second": self.second} | behind

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return tuple(vector for cell in self.inside.values() for vector in cell.vectors)

    def add_parameters(self) -> None:
        fast, width = self.spec.inner, self.hidden_size
        self.slow = self.spec.outer.build(self.inner.output_size, width)
        self.second = fast.build(self.slow.output_size, width)
        self.rest = nn.ModuleList(fast.build(1, width) for _ in range(2, self.spec.fast))
        if any(cell.reads_deltas for cell in self.inside.values()):
            raise ValueError(
                f"fast_slow is around {fast.key} and {self.spec.outer.key}, of which one reads the time "
                f"between steps; expected cells that do not"
            )
        for cell in self._behind:
            cell.weight_ih.requires_grad_(False)
        with torch.no_grad():
            nothing = self.weight_ih.new_zeros(1, 1)
            self._behind_sizes = [cell.project(nothing).shape[-1] for cell in self._behind]

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """What F_1 makes of the input, and behind it what F_3 and the others make of 0."""
        nothing = x.new_zeros(*x.shape[:-1], 1)
        return torch.cat([self.inner.project(x), *(cell.project(nothing) for cell in self._behind)], dim=-1)

    def recurrent(self, gates: str) -> Map:
        """The linear map behind `product("path:gates", ..)`, of the cell at that path, or its input's."""
        path, _, gates = gates.partition(":")
        cell = self.inside[path]
        return (cell.weight_ih, cell.bias) if gates == PRE else cell.recurrent(gates)

    def recurrence(self) -> Recurrence:
        return replace(super().recurrence(), gates="")

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        parts = len(self.inner.state_type._fields)
        fast, slow = state[:parts], state[parts:]
        behind = self._behind_sizes
        x, *rest = torch.split(pre, [pre.shape[-1] - sum(behind), *behind], dim=-1)
        y, fast = self._taken("inner", x, fast, product)
        y, slow = self._taken("slow", self._seen("slow", y, product), slow, product)
        y, fast = self._taken("second", self._seen("second", y, product), fast, product)
        for k, nothing in enumerate(rest):
            y, fast = self._taken(f"rest.{k}", nothing, fast, product)
        return y, self.state_type(*fast, *slow)

    @property
    def _behind(self) -> list[Cell]:
        """F_3 and those behind it."""
        return [cast("Cell", cell) for cell in self.rest]

    def _seen(self, path: str, x: Tensor, product: Product) -> Tensor:
        """What the cell at this path makes of its input; an engine sees the usual product only."""
        cell = self.inside[path]
        return product(f"{path}:{PRE}", x) if type(cell).project is Cell.project else cell.project(x)

    def _taken(self, path: str, pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
        """A step of the cell at this path."""
        cell = self.inside[path]
        own: Product = lambda gates, operand: product(f"{path}:{gates}", operand)  # noqa: E731
        return cell.step(pre, cell.state_type(*state), own)


@cache
def _state_type(fast: tuple[str, ...], slow: tuple[str, ...]) -> Any:
    """A state with these parts of a fast cell and of the slow one."""
    names = [*(f"fast_{name}" for name in fast), *(f"slow_{name}" for name in slow)]
    kind = cast("Any", namedtuple)("FastSlowState", names)
    # pickle looks classes up by name, and this one has none that it could find
    kind.__reduce__ = lambda state: (_state, (fast, slow, *state))
    return kind


def _state(fast: tuple[str, ...], slow: tuple[str, ...], *parts: Tensor) -> Any:
    """A state of this type."""
    return _state_type(fast, slow)(*parts)
