"""One step of a recurrence as a graph of torch operations, for any batch."""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, fx, nn
from torch.func import functional_call
from torch.fx.experimental.proxy_tensor import make_fx

from zoo.engines import Recurrence, State
from zoo.stack.layer import Direction
from zoo.switches.base import products_of


@final
class FrozenSteps(nn.Module):
    """A direction whose recurrent matrices are what they are now, each computed once.

    Args:
        way: The direction.
    """

    def __init__(self, way: Direction) -> None:
        super().__init__()
        self.way = way
        recurrence = way.recurrence()
        self.gates = list(products_of(recurrence))
        self.maps = nn.ModuleList(_frozen(*recurrence.recurrent(gates)) for gates in self.gates)

    def product(self, gates: str, operand: Tensor) -> Tensor:
        """The recurrent product of these gates."""
        result: Tensor = self.maps[self.gates.index(gates)](operand)
        return result

    def forward(self, pre: Tensor, state: State) -> tuple[Tensor, State]:
        """Output and new state after one step."""
        recurrence: Recurrence = self.way.recurrence()
        return recurrence.step(pre, self.way.typed(state), self.product)


def _frozen(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """A linear map with these numbers."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, device="meta")
    layer.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias.detach().clone(), requires_grad=False)
    return layer


@final
@dataclass(frozen=True)
class StepGraph:
    """A step whose padding leaves the state as it is.

    Attributes:
        graph: (*state, pre, mask, *constants) -> (*new state, output).
        names: Of the constants, in the module they were taken from.
    """

    graph: fx.GraphModule
    names: list[str]


def step_graph(steps: FrozenSteps) -> StepGraph:
    """The graph of a step, of what its results need alone."""
    tensors = {**dict(steps.named_parameters()), **dict(steps.named_buffers())}
    names, count = list(tensors), len(steps.way.cell.state_sizes)

    def flat(*args: Any) -> list[Tensor]:
        state, (pre, mask), constants = args[:count], args[count : count + 2], args[count + 2 :]
        output, new = functional_call(steps, dict(zip(names, constants, strict=True)), (pre, state))
        # copies, for a scan allows no two results that share memory
        kept = [torch.where(mask, after, before) for after, before in zip(new, state, strict=True)]
        return [*kept, torch.where(mask, output, 0).clone()]

    with torch.no_grad():
        graph = make_fx(flat, tracing_mode="symbolic")(*_example(steps.way, tensors), *tensors.values())
    return _without_unused(graph, names, count + 2)


def _example(way: Direction, tensors: dict[str, Tensor]) -> list[Tensor]:
    """A state, an input product and a mask of a batch that has a size of its own.

    Equal sizes would be taken for one.
    """
    recurrence, like = way.recurrence(), way.cell.weight_ih
    pre = recurrence.project(like.new_zeros(1, recurrence.input_size))
    sizes = {
        *way.cell.state_sizes,
        pre.shape[-1],
        *(size for part in tensors.values() for size in part.shape),
    }
    batch = max(sizes) + 1
    state = [like.new_zeros(batch, size) for size in way.cell.state_sizes]
    return [*state, pre.expand(batch, -1).contiguous(), torch.ones(batch, 1, dtype=torch.bool)]


def _without_unused(graph: fx.GraphModule, names: list[str], first: int) -> StepGraph:
    """The graph without constants that no operation reads."""
    places = [node for node in graph.graph.nodes if node.op == "placeholder"]
    used = []
    for node, name in zip(places[first:], names, strict=True):
        if node.users:
            used.append(name)
        else:
            graph.graph.erase_node(node)
    graph.recompile()
    return StepGraph(graph, used)
