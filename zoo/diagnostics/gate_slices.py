"""Which rows of a fused parameter belong to which gate."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

TORCH_GATES: Mapping[type[nn.Module], str] = {
    nn.RNN: "h",
    nn.RNNCell: "h",
    nn.GRU: "rzn",
    nn.GRUCell: "rzn",
    nn.LSTM: "ifgo",
    nn.LSTMCell: "ifgo",
}
"""Row order of torch's own layers, in the letters of torch's documentation, which are the zoo's, too."""

TORCH_FUSED = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
"""How the parameters with these rows begin; a projection, `weight_hr_l0`, has none."""


@runtime_checkable
class Gated(Protocol):
    """A module that knows its gates, as every cell of the zoo does."""

    def gate_rows(self, parameter: str) -> dict[str, slice]:
        """Gate letter -> its rows of a parameter, in row order; empty where there are no gates."""


def gate_rows(module: nn.Module) -> dict[str, dict[str, slice]]:
    """Gate letter -> rows, by the names that the module gives its parameters; none of those without gates."""
    found: dict[str, dict[str, slice]] = {}
    for path, part in module.named_modules():
        for name, _ in part.named_parameters(recurse=False):
            if rows := _rows(part, name):
                found[f"{path}.{name}".lstrip(".").replace("_orig_mod.", "")] = rows
    return found


def blocks(
    gradients: Mapping[str, Tensor], rows: Mapping[str, Mapping[str, slice]]
) -> Iterator[tuple[str, Tensor]]:
    """The gradients, those of gates apart: named "weight_hh:f", the others as they were.

    A gradient whose rows the gates do not fill, each once, stays whole.

    Args:
        gradients: By parameter name.
        rows: As `gate_rows` finds them.
    """
    for name, gradient in gradients.items():
        gates = rows.get(name)
        if gates and gradient.ndim and _fill(gates.values(), len(gradient)):
            yield from ((f"{name}:{gate}", gradient[own]) for gate, own in gates.items())
        else:
            yield name, gradient


def _rows(part: nn.Module, name: str) -> dict[str, slice]:
    if isinstance(part, Gated):
        return part.gate_rows(name)
    if isinstance(part, nn.RNNBase | nn.RNNCellBase) and name.startswith(TORCH_FUSED):
        letters = next((gates for kind, gates in TORCH_GATES.items() if isinstance(part, kind)), "")
        width = part.hidden_size
        return {gate: slice(at * width, (at + 1) * width) for at, gate in enumerate(letters)}
    return {}


def _fill(rows: Iterable[slice], length: int) -> bool:
    """Whether these rows, one run after the other, are all there are."""
    end = 0
    for own in rows:
        if own.start != end:
            return False
        end = own.stop
    return end == length
