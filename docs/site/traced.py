"""The data flow of a step that is no program of blocks: what torch runs, tensor by tensor."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from docs.site.flow import Dataflow
from zoo.cells import Cell

ALIASES = frozenset(
    [
        "_to_copy",
        "_unsafe_view",
        "alias",
        "clone",
        "detach",
        "expand",
        "permute",
        "reshape",
        "slice",
        "squeeze",
        "t",
        "transpose",
        "unsqueeze",
        "view",
    ]
)
"""Operations that hand on what they take, in another shape."""
SIGNS = {
    "add": "+",
    "add_": "+",
    "sub": "−",
    "mul": "×",
    "div": "÷",
    "bmm": "product",
    "mm": "product",
    "sigmoid": "σ",
    "log_sigmoid_forward": "log σ",
    "native_layer_norm": "N",
    "maximum": "max",
    "minimum": "min",
    "neg": "−·",
    "pow": "square",
}
NUMBERED = ("add", "sub", "mul", "div")
"""Operations of a number beside what they take."""
CONSTANT = frozenset(["ones_like", "zeros_like", "new_zeros", "new_ones"])
"""Operations whose result does not depend on what they take."""


def traced(cell: Cell) -> Dataflow:
    """The data flow of a step of a cell, as torch runs it."""
    recurrence = cell.recurrence()
    watch = _Watch()
    state = tuple(torch.rand(1, size) for size in recurrence.state_sizes)
    pre = recurrence.project(torch.rand(1, recurrence.input_size)).detach()
    for name, part in zip(recurrence.state_names, state, strict=True):
        watch.enter(part, watch.flow.add("state", f"{name}_{{t−1}}"))
    watch.enter(pre, watch.flow.add("box", "W x"))

    def product(gates: str, operand: Tensor) -> Tensor:
        weight, bias = recurrence.recurrent(gates)
        with watch.aside():
            result = torch.nn.functional.linear(operand, weight, bias)
        watch.enter(result, watch.flow.add("box", f"⟨{gates}⟩", watch.sources([operand])))
        return result

    with torch.no_grad(), watch:
        output, new = recurrence.step(pre, state, product)
    for name, part in zip([*recurrence.state_names, "output"], [*new, output], strict=True):
        label = name if name == "output" else f"{name}_{{t}}"
        watch.flow.add("result", label, watch.sources([part]))
    return watch.flow.drawn()


@final
class _Watch(TorchDispatchMode):
    """Writes down every operation on what comes of input and state."""

    def __init__(self) -> None:
        super().__init__()
        self.flow, self._is_aside = Dataflow(), False
        self._known: dict[int, int] = {}
        self._alive: list[Tensor] = []  # tensors are known by their ids, which must not be used again

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Lets something run without being written down."""
        self._is_aside = True
        yield
        self._is_aside = False

    def enter(self, tensor: Tensor, vertex: int) -> None:
        """Says where a tensor is drawn."""
        self._known[id(tensor)] = vertex
        self._alive.append(tensor)

    def sources(self, tensors: Sequence[object]) -> list[tuple[int, str]]:
        """Where tensors are drawn, of those that are."""
        found = [self._known[id(each)] for each in tensors if id(each) in self._known]
        return [(vertex, "") for vertex in dict.fromkeys(found)]

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        sources = self.sources(tree_leaves(args))
        name = function.name().removeprefix("aten::").partition(".")[0]
        if self._is_aside or not sources or name in CONSTANT:
            return result
        if name in ALIASES and len(sources) == 1:
            vertex = sources[0][0]
        else:
            numbers = (
                [f"{each:.3g}" for each in args if isinstance(each, int | float)] if name in NUMBERED else []
            )
            label = " ".join([SIGNS.get(name, name), *numbers])
            vertex = self.flow.add("junction" if len(sources) > 1 else "box", label, sources)
        for part in tree_leaves(result):
            self.enter(part, vertex)
        return result
