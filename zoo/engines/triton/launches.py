"""Calls the kernels of a plan, and torch's products between them."""

from functools import cached_property
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Buffers, Gradients
from zoo.engines.triton.backward import backward_kernel, backward_tensors
from zoo.engines.triton.expressions import TRITON_PRELUDE
from zoo.engines.triton.forward import forward_kernel, forward_tensors
from zoo.engines.triton.graphs import Tensors
from zoo.engines.triton.plan import KernelPlan

COMPUTE_TYPES = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.bfloat16: "float32",
    torch.float16: "float32",
}
"""Types of numbers in memory, and the one in which the kernels compute."""


def kernel_source(plan: KernelPlan) -> str:
    """The file of a plan's kernels."""
    kernels = [forward_kernel(plan, part) for part in plan.forward]
    kernels += [backward_kernel(plan, part) for part in plan.backward]
    return TRITON_PRELUDE + "\n".join(line for lines in kernels for line in lines) + "\n"


class Launches:
    """The launches of one run, forward or backward.

    Args:
        plan: How the program runs.
        module: The plan's kernels.
        buffers: The tensors of the run.
        gradients: The gradients, in a backward run.
    """

    def __init__(
        self, plan: KernelPlan, module: ModuleType, buffers: Buffers, gradients: Gradients | None = None
    ) -> None:
        self.plan, self.program, self.module = plan, plan.program, module
        self.buffers, self.gradients = buffers, gradients
        self.time, self.batch_size, _ = buffers.pre.shape
        self.rows, self.units = plan.tile(self.batch_size)
        self.grid = (-(-self.batch_size // self.rows), -(-self.program.width // self.units))

    @cached_property
    def tensors(self) -> Tensors:
        """What the kernels read and write, by the names they give it."""
        buffers, gradients = self.buffers, self.gradients
        lengths, resets = buffers.lengths, buffers.resets
        found: Tensors = {
            "pre": buffers.pre,
            "w": buffers.vectors,
            "lengths": None if lengths is None else lengths.long(),
            # one row more, since kernels look at the reset before the next step
            "resets": None if resets is None else torch.cat([resets, torch.zeros_like(resets[:1])]).byte(),
        }
        found |= _numbered("s", buffers.states) | _numbered("u", buffers.weights)
        found |= _numbered("p", buffers.products)
        if gradients is None:
            found["y"] = buffers.outputs
            return found | _numbered("o", buffers.operands) | _numbered("reset_state", buffers.reset_state)
        found |= {"dy": gradients.outputs, "d_pre": gradients.pre, "d_w": self._vector_sums}
        if self.program.clips:
            found["limit"] = buffers.pre.new_tensor([gradients.limit])
            if lengths is None:  # of all steps, not only of those in one launch
                found["lengths"] = torch.full((self.batch_size,), self.time, device=buffers.pre.device)
        found |= _numbered("d_p", gradients.products) | _numbered("d_o", self._operand_gradients())
        return found | _numbered("d_s", gradients.states) | _numbered("d_fresh", gradients.reset_state)

    @property
    def written(self) -> list[str]:
        """The tensors that hold results."""
        names = (
            backward_tensors(self.program) if self.gradients is not None else forward_tensors(self.program)
        )
        prefixes = (
            ("d_p", "d_s", "d_w", "d_fresh") if self.gradients is not None else ("pre", "s", "p", "o", "y")
        )
        return [name for name in names if name.startswith(prefixes)]

    @property
    def timed(self) -> dict[str, int]:
        """The tensors that have an entry for each step, and how many entries more."""
        # not d_o, which has room for one step only
        names = [name for name in self.tensors if name[0] in "po" or name.startswith(("d_p", "y", "dy"))]
        return dict.fromkeys(names, 0) | {
            name: 1 for name in self.tensors if name[0] == "s" or name == "resets"
        }

    @cached_property
    def _vector_sums(self) -> Tensor:
        """The sums of each row of instances by itself, so that the result is always the same."""
        real = getattr(torch, COMPUTE_TYPES[self.buffers.pre.dtype])
        shape = (self.grid[0], *self.buffers.vectors.shape)
        return torch.zeros(shape, dtype=real, device=self.buffers.pre.device)

    def _operand_gradients(self) -> tuple[Tensor, ...]:
        """Room for the gradients of computed operands: of all steps, or of one; none on the chip."""
        steps = {"whole": 0, "sweeps": self.time, "steps": 1}[self.plan.kind]
        return tuple(part.new_empty(steps, *part.shape[1:]) for part in self.buffers.operands)

    def run(self, tensors: Tensors, first: int, count: int) -> None:
        """Runs some steps, all of them known to these tensors."""
        if self.gradients is None:
            self._forward(tensors, first, count)
        else:
            self._backward(tensors, first, count)

    def vector_gradients(self) -> Tensor:
        """The gradients of the vectors."""
        return self._vector_sums.sum(0)

    def _forward(self, tensors: Tensors, first: int, count: int) -> None:
        *computing, last = self.plan.forward
        passes = {k: part for part in computing for k in part.matmuls}
        for k in range(len(self.program.matmuls) if not last.dots else 0):
            if k in passes:
                self._launch(passes[k].name, tensors, first, count)
            self._multiply(k, tensors, first, count)
        self._launch(last.name, tensors, first, count)

    def _backward(self, tensors: Tensors, first: int, count: int) -> None:
        *computing, last = self.plan.backward
        for part in computing:
            (k,) = part.matmuls
            self._launch(part.name, tensors, first, count)
            torch.mm(
                self._product(k, tensors, "d_", first, count),
                _get(tensors, f"u{k}"),
                out=_get(tensors, f"d_o{k}").flatten(0, 1),
            )
        self._launch(last.name, tensors, first, count)
        for k, matmul in enumerate(self.program.matmuls):
            state = self.program.operand_state(matmul)
            if state is not None and not last.dots:
                gradient = self._product(k, tensors, "d_", first, count)
                _get(tensors, f"d_s{state}").addmm_(gradient, _get(tensors, f"u{k}"))

    def _multiply(self, k: int, tensors: Tensors, first: int, count: int) -> None:
        matmul = self.program.matmuls[k]
        state = self.program.operand_state(matmul)
        operand = _get(tensors, f"o{k}" if state is None else f"s{state}")[first : first + count].flatten(
            0, 1
        )
        result, weight = self._product(k, tensors, "", first, count), _get(tensors, f"u{k}")
        if matmul.into is None and self.buffers.biases[k] is None:
            torch.mm(operand, weight.T, out=result)
        else:
            result.addmm_(operand, weight.T)

    def _product(self, k: int, tensors: Tensors, prefix: str, first: int, count: int) -> Tensor:
        """The k-th product of some steps, or its gradient with prefix "d_", (steps B, rows)."""
        matmul, width = self.program.matmuls[k], self.program.width
        name = f"{prefix}p{k}" if matmul.into is None else f"{prefix}pre"
        rows = _get(tensors, name)[first : first + count].flatten(0, 1)
        return rows[:, (matmul.into or 0) * width :][:, : matmul.rows * width]

    def _launch(self, name: str, tensors: Tensors, first: int, count: int) -> None:
        sizes: dict[str, Any] = {
            "B": self.batch_size,
            "first": first,
            "count": count,
            "H": self.program.width,
        }
        sizes |= {"BB": self.rows, "BH": self.units}
        sizes["REAL"] = vars(self.module.tl)[COMPUTE_TYPES[self.buffers.pre.dtype]]
        names = backward_tensors(self.program)
        if self.gradients is None:
            names = forward_tensors(self.program)
            sizes |= {f"biased{k}": bias is not None for k, bias in enumerate(self.buffers.biases)}
        kernel = vars(self.module)[name][self.grid]
        kernel(*(tensors[part] for part in names), **sizes, enable_fp_fusion=True)


def _numbered(name: str, parts: "tuple[Tensor, ...] | list[Tensor]") -> Tensors:
    return {f"{name}{k}": part for k, part in enumerate(parts)}


def _get(tensors: Tensors, name: str) -> Tensor:
    found = tensors[name]
    assert found is not None
    return found
