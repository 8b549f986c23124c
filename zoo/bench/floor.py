"""The floor of a recurrence: its matrix products and nothing else.

Each is one `torch.mm` into memory that is already there, its weight laid out as suits it: the input product
of all steps, the recurrent products of each step, and what their backward takes (one more product for each,
and the weights' gradients over all steps at once). What an engine takes longer is its own.
"""

from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.bench.setting import Setting, Shape
from zoo.bench.work import Work
from zoo.cells import Cell
from zoo.stack import Stack


def floor_work(stack: Stack, shape: Shape, setting: Setting) -> Work:
    """The products of all cells of a stack, one cell after the other."""
    maps = [Products(product, shape, setting) for cell in stack.cells() for product in products_of(cell)]

    @torch.no_grad()
    def run() -> None:
        for each in maps:
            each.forward()
        if setting.mode == "training":
            for each in reversed(maps):
                each.backward()

    return run


@torch.no_grad()
def products_of(cell: Cell) -> list[tuple[int, int, bool]]:
    """Rows and columns of each product, and whether it is taken at each step; the input product first."""
    recurrence, like = cell.recurrence(), cell.weight_ih
    found = [(*cell.weight_ih.shape, False)]

    def product(gates: str, operand: Tensor) -> Tensor:
        weight, bias = recurrence.recurrent(gates)
        found.append((*weight.shape, True))
        return F.linear(operand, weight, bias)

    state = tuple(like.new_zeros(1, width) for width in cell.state_sizes)
    cell.step(recurrence.project(like.new_zeros(1, recurrence.input_size)), cell.state_type(*state), product)
    return found


@final
class Products:
    """The products with one weight (R, K), once for all T B rows or B rows at a time."""

    def __init__(self, product: tuple[int, int, bool], shape: Shape, setting: Setting) -> None:
        rows, columns, stepwise = product
        steps, size = (shape.steps, shape.batch_size) if stepwise else (1, shape.tokens)

        def normal(*sizes: int) -> Tensor:
            return torch.randn(*sizes, **setting.place)

        self.weight, self.transposed = normal(rows, columns), normal(columns, rows)
        self.operands, self.results = normal(steps, size, columns), normal(steps, size, rows)
        training = setting.mode == "training"
        self.gradients = normal(steps, size, rows) if training else self.results
        self.operand_gradient = normal(size, columns) if training else self.operands[0]
        self.weight_gradient = torch.empty_like(self.weight)
        self.pairs = list(zip(self.operands.unbind(), self.results.unbind(), strict=True))

    def forward(self) -> None:
        for operand, result in self.pairs:
            torch.mm(operand, self.transposed, out=result)

    def backward(self) -> None:
        for gradient in reversed(self.gradients.unbind()):
            torch.mm(gradient, self.weight, out=self.operand_gradient)
        rows = self.gradients.flatten(0, 1)
        torch.mm(rows.t(), self.operands.flatten(0, 1), out=self.weight_gradient)
