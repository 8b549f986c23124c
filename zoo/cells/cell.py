"""The contract of a cell: its equations, its parameters, and what surrounds them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.card import Card, Hidden
from zoo.cells.cell_spec import CellSpec, ForgetSpec
from zoo.cells.step_reads import StepReads
from zoo.engines import (
    InputMap,
    Map,
    MatrixMemory,
    Product,
    Recurrence,
    State,
    TorchEquivalent,
    linear_product,
)

MAPS = ("weight_ih", "weight_hh", "bias", "bias_hh")
"""Parameters of the linear maps, which an engine reaches through `project` and `recurrent`."""


class Cell(nn.Module, ABC):
    """One step of a recurrence.

    A subclass names its gates, one letter each, in the row order of the fused weights, and its state, a
    NamedTuple of tensors (`Hidden` unless it says otherwise); and it writes its equations in `step`. The
    input products of all steps are taken at once, outside the step; recurrent products go through
    `product`. Parameters beyond the fused ones (peepholes, gains) are made in `add_parameters`; a matrix
    among them that multiplies something inside the step is entered in `products`.

    A recurrent matrix that is a function of parameters is what `recurrent_weight` returns, once a call. The
    states of several steps back are one state of several blocks of H, a counter is a block that counts, and a
    step that needs the raw input gets it from `project`, behind the gates' blocks.
    Engines watch `step` once for each value of what it reads of the cell: parameters and buffers may change
    freely, and other attributes where they are plain data. A step that sets attributes, draws random numbers,
    cuts a gradient or has a derivative of its own is left to the reference loop.

    Attributes:
        weight_ih: Input weights (G, I), one block of rows for each gate in `gates`: H, or `gate_size`.
        weight_hh: Recurrent weights (R, recurrent_size), H rows for each gate in `recurrent_gates`, or None.
        bias: (G,), or None.
        bias_hh: Biases added inside `product` for the gates in `recurrent_bias`, or None.
    """

    key: ClassVar[str]
    card: ClassVar[Card]
    gates: ClassVar[str]
    state_type: ClassVar[Any] = Hidden
    spec_class: ClassVar[type[CellSpec]]

    products: ClassVar[Mapping[str, str]] = {}
    """Name of a product beyond those of the gates -> the parameter (rows, width) that it multiplies by."""

    reads_deltas: ClassVar[bool] = False
    """Whether the cell reads the time since the step before: the last column of what `project` takes."""

    weight_hh: Tensor | None
    bias: Tensor | None
    bias_hh: Tensor | None
    _reads: StepReads | None = None

    def __init__(self, spec: CellSpec, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.spec, self.input_size, self.hidden_size = spec, input_size, hidden_size
        rows, recurrent_rows, own_bias = (
            sum(map(self.gate_size, each)) for each in (self.gates, self.recurrent_gates, self.recurrent_bias)
        )
        self.weight_ih = nn.Parameter(torch.empty(rows, input_size))
        recurrent = nn.Parameter(torch.empty(recurrent_rows, self.recurrent_size)) if recurrent_rows else None
        self.register_parameter("weight_hh", recurrent)
        self.register_parameter("bias", nn.Parameter(torch.empty(rows)) if spec.bias else None)
        has_own = spec.bias and own_bias > 0
        self.register_parameter("bias_hh", nn.Parameter(torch.empty(own_bias)) if has_own else None)
        self.add_parameters()
        if not self.weight_ih.is_meta:  # there, shapes are all there is, and torch would import its compiler
            self.reset_parameters()

    def add_parameters(self) -> None:
        """Makes the parameters that this cell has beyond the fused ones; `reset_parameters` fills them."""

    @abstractmethod
    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        """The equations of one step.

        Args:
            pre: Input products and biases of all gates.
            state: State before the step, each (B, width).
            product: `product(gates, operand)` multiplies by the recurrent rows of these gates.

        Returns:
            The output (B, output_size) and the state after the step.
        """

    @property
    def recurrent_gates(self) -> str:
        """Gates that have recurrent weights, in row order; all of them in most cells."""
        return self.gates

    @property
    def recurrent_bias(self) -> str:
        """Gates whose recurrent product has a bias of its own; none in most cells."""
        return ""

    @property
    def recurrent_size(self) -> int:
        """Width of what the recurrent weights multiply."""
        return self.hidden_size

    @property
    def output_size(self) -> int:
        """Width of the output."""
        return self.hidden_size

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Width of each tensor of the state."""
        return (self.hidden_size,) * len(self.state_type._fields)

    def memory(self) -> MatrixMemory | None:
        """The step as what outer products do to a matrix, or None where it is something else."""
        return None

    def torch_equivalent(self) -> Callable[[], TorchEquivalent] | None:
        """What gives the torch kernel with these equations; None where torch has none."""
        return None

    def torch_biases(self) -> tuple[Tensor, Tensor] | None:
        """The two biases of a torch kernel: ours, and what is added inside the recurrent product."""
        if self.bias is None:
            return None
        _, own = self.recurrent(self.gates)
        return self.bias, torch.zeros_like(self.bias) if own is None else own

    def constrain(self) -> None:
        """Puts the parameters back where the paper wants them; called after each optimiser step."""

    def rows(self, gates: str, order: str | None = None) -> slice:
        """The rows of these neighbouring gates in weights of this order: that of `weight_ih`, or another."""
        order = self.gates if order is None else order
        if not gates or gates not in order:
            raise ValueError(f"{type(self).__name__} has no rows {gates!r}; expected neighbours in {order!r}")
        first = sum(map(self.gate_size, order[: order.index(gates)]))
        return slice(first, first + sum(map(self.gate_size, gates)))

    def gate_size(self, gate: str) -> int:
        """How many rows a gate has: one for each unit, in most cells."""
        return self.hidden_size

    def gate_rows(self, parameter: str) -> dict[str, slice]:
        """Gate letter -> its rows of a parameter, in row order; empty where there are no gates."""
        orders = {"weight_ih": self.gates, "weight_hh": self.recurrent_gates}
        orders |= {"bias": self.gates, "bias_hh": self.recurrent_bias}
        return {gate: self.rows(gate, orders[parameter]) for gate in orders.get(parameter, "")}

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Initialises gate by gate, so that each gate has its own fan-in, fan-out and orthogonality."""
        for gate in self.gates:
            nn.init.xavier_uniform_(self.weight_ih[self.rows(gate)])
        for gate in self.recurrent_gates:
            initialise = nn.init.eye_ if self.spec.recurrent_init == "identity" else nn.init.orthogonal_
            initialise(Cell.recurrent_weight(self, gate))  # the rows that another matrix may be made of
        for bias in (self.bias, self.bias_hh):
            if bias is not None:
                nn.init.zeros_(bias)
        if self.bias is not None and isinstance(self.spec, ForgetSpec):
            nn.init.constant_(self.bias[self.rows("f")], self.spec.forget_bias)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """The input products and biases of all gates.

        Deltas, where the cell reads them, are the last column of x, and the last block here, for all units.
        """
        if not self.reads_deltas:
            return F.linear(x, self.weight_ih, self.bias)
        deltas = x[..., -1:].expand(*x.shape[:-1], self.hidden_size)
        return torch.cat([F.linear(x[..., :-1], self.weight_ih, self.bias), deltas], dim=-1)

    def with_deltas(self, x: Float[Tensor, "... I"], deltas: Float[Tensor, "..."] | None) -> Tensor:
        """What `project` takes: x, and where the cell reads deltas these, by default 1, as a last column."""
        if not self.reads_deltas:
            return x
        last = x.new_ones(*x.shape[:-1], 1) if deltas is None else deltas.to(x.dtype).unsqueeze(-1)
        return torch.cat([x, last], dim=-1)

    def recurrent(self, gates: str) -> Map:
        """The linear map behind `product(gates, ...)`."""
        if gates in self.products:
            return getattr(self, self.products[gates]), None  # a plain tensor under functional_call
        weight = self.recurrent_weight(gates)
        if self.bias_hh is None or not set(gates) & set(self.recurrent_bias):
            return weight, None
        width = self.hidden_size
        blocks = [
            self.bias_hh[self.recurrent_bias.index(gate) * width :][:width]
            if gate in self.recurrent_bias
            else self.bias_hh.new_zeros(width)
            for gate in gates
        ]
        return weight, torch.cat(blocks)

    def recurrent_weight(self, gates: str) -> Tensor:
        """The rows of `weight_hh` that belong to these neighbouring gates."""
        assert self.weight_hh is not None
        is_whole = gates == self.recurrent_gates
        return self.weight_hh if is_whole else self.weight_hh[self.rows(gates, self.recurrent_gates)]

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        """The parameters and buffers that `step` reads by itself: all but those of the linear maps."""
        named = (*self._parameters.items(), *self._buffers.items())
        maps = {*MAPS, *self.products.values()}
        return tuple(part for name, part in named if part is not None and name not in maps)

    @property
    def reads(self) -> StepReads:
        """What `step` was seen to read and do beside its equations."""
        self._reads = self._reads or StepReads.of(self)
        return self._reads

    def recurrence(self) -> Recurrence:
        """This cell as an engine sees it."""
        return Recurrence(
            step=self.step,
            project=self._input_map() or self.project,
            recurrent=self.recurrent,
            width=self.hidden_size,
            input_size=self.input_size + self.reads_deltas,
            output_size=self.output_size,
            state_sizes=self.state_sizes,
            vectors=self.vectors,
            like=self.weight_ih,
            torch_equivalent=self.torch_equivalent(),
            gates=self.gates,
            recurrent_gates=self.recurrent_gates,
            state_names=self.state_type._fields,
            only_stepwise=self.reads.obstacle,
            memory=self.memory(),
        )

    def _input_map(self) -> InputMap | None:
        """`project` as the linear map that it is in most cells."""
        is_map = type(self).project is Cell.project and not self.reads_deltas
        return InputMap(self.weight_ih, self.bias) if is_map else None

    def forward(
        self, x: Float[Tensor, "B I"], state: State, deltas: Float[Tensor, " B"] | None = None
    ) -> tuple[Tensor, State]:
        """One step on one moment of a batch: output (B, output_size) and the new state."""
        return self.step(self.project(self.with_deltas(x, deltas)), state, linear_product(self.recurrent))

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}"
