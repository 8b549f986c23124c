"""How the cell of another library is one of the zoo's: where weights go, in which order states come."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Same:
    """A cell of another library with the same equations.

    Attributes:
        name: Of its class.
        ih: Gates of the zoo in the order of the rows of its `weight_ih`.
        hh: The same of `weight_hh`; the same gates by default.
        others: Its other parameters -> those of the zoo's cell with the same values, "weight_hh[if]" for
            the rows of some gates, or a number.
        skips: Letters in `ih` that are no gate of the zoo's -> the parameter that has those rows.
        spec: Options of the zoo's cell.
        options: Options of its cell.
        order: The zoo's tensors of the state, in its order; one may come twice.
        minus: Gates of the zoo's that are 1 minus its own: their weights change sign.
        gives_output: Whether it gives its output in front of the new state.
        is_square: Whether it takes inputs of its own width only.
        advanced: How its cell takes a step from one state, in its order, to the next; None where it
            takes them all at once, and one as it is.
        outputs_only: Whether its state has another form, so that outputs are compared, from states of 0.
        tolerance: How far its gradients may be off.
    """

    name: str
    ih: str
    hh: str | None = None
    others: Mapping[str, str | float] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    order: tuple[int, ...] | None = None
    minus: str = ""
    skips: Mapping[str, str] = field(default_factory=dict)
    gives_output: bool = False
    is_square: bool = False
    advanced: Callable[[Any, Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]] | None = None
    outputs_only: bool = False
    tolerance: float = 1e-11

    def state(self, parts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """A state of the zoo's cell in the library's order."""
        return parts if self.order is None else tuple(parts[k] for k in self.order)

    @torch.no_grad()
    def copy(self, own: Any, cell: Any) -> None:
        """Gives the library's cell the weights of the zoo's."""
        for parameter in cell.parameters():
            parameter.zero_()
        recurrent = self.ih if self.hh is None else self.hh
        for theirs, ours, gates in [
            ("weight_ih", "weight_ih", self.ih),
            ("weight_hh", "weight_hh", recurrent),
            ("bias_ih", "bias", self.ih),
            ("bias_hh", "bias_hh", recurrent),
        ]:
            source, rows = getattr(own, ours), own.gate_rows(ours)
            if source is None or not hasattr(cell, theirs):
                continue
            width = own.hidden_size
            for place, gate in enumerate(gates):
                if gate in rows:
                    sign = -1 if gate in self.minus else 1
                    getattr(cell, theirs)[place * width : (place + 1) * width] = sign * source[rows[gate]]
        for gate, ours in self.skips.items():
            place = self.ih.index(gate) * own.hidden_size
            cell.weight_ih[place : place + own.hidden_size] = getattr(own, ours)
        for theirs, ours in self.others.items():
            target = getattr(cell, theirs)
            value = part(own, ours).reshape(target.shape) if isinstance(ours, str) else torch.tensor(ours)
            target.copy_(value)


def part(own: Any, name: str) -> Tensor:
    """A parameter, or with "name[gates]" its rows of these gates."""
    name, _, gates = name.rstrip("]").partition("[")
    parameter, rows = getattr(own, name), own.gate_rows(name)
    return torch.cat([parameter[rows[gate]] for gate in gates]) if gates else parameter


def same_cells(equations: Any, library: str) -> list[Same]:
    """What an oracle file says of another library."""
    found = getattr(equations, library, ())
    return [found] if isinstance(found, Same) else list(found)
