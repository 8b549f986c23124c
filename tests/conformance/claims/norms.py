"""What orthogonal and unitary networks claim: nothing grows and nothing vanishes, however long it takes."""

import torch

from zoo.cells import CellSpec
from zoo.stack import StackSpec

TIME, HIDDEN = 1000, 8


def assert_keeps_norms(spec: CellSpec) -> None:
    """Over 1,000 steps without input, from any state and whatever the parameters are."""
    torch.manual_seed(0)
    stack = StackSpec(cell=spec, hidden_size=HIDDEN).build(3).double()
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.uniform_(-3, 3)
    sizes = stack.cells()[0].state_sizes
    start = tuple(torch.randn(1, size, dtype=torch.float64, requires_grad=True) for size in sizes)
    _, (final,) = stack(torch.zeros(1, TIME, 3, dtype=torch.float64), (start,))
    sent = [torch.randn_like(part) for part in final]
    received = torch.autograd.grad(final, start, sent)
    assert abs(norm(final) - norm(start)) < 1e-10
    assert abs(norm(received) - norm(sent)) < 1e-10


def norm(parts: tuple[torch.Tensor, ...] | list[torch.Tensor]) -> float:
    """That of all entries."""
    return torch.cat(list(parts), dim=-1).norm().item()
