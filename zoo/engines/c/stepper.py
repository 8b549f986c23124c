"""One step after the other in C, with nothing set up again between them."""

import ctypes
from collections.abc import Callable
from dataclasses import replace
from typing import final

import torch
from torch import Tensor

from zoo.engines.autograd.allocation import allocate
from zoo.engines.autograd.function import inputs_of
from zoo.engines.base import Stepper
from zoo.engines.c.c_products import C_TYPES, IS_PACKED, c_arguments, panels, product_library
from zoo.engines.c.kernel import CKernel, forward_tensors
from zoo.engines.recurrence import InputMap, Recurrence, Sequences, State


@final
class CStepper(Stepper):
    """Steps of a compiled program.

    Of the two rows of states that a run of one step has, a step forward in time reads the first and fills the
    second, and a step backward in time the other way round: so they take turns, and nothing is copied.

    Args:
        kernel: Of the program.
        recurrence: What is run, with its weights of this moment.
        state: Before the first step.
    """

    @torch.inference_mode(False)  # it may be used outside of that mode, too
    @torch.no_grad()
    def __init__(self, kernel: CKernel, recurrence: Recurrence, state: State) -> None:
        x = state[0].new_zeros(1, len(state[0]), recurrence.input_size)
        sequences = Sequences(x, state, state)
        given = inputs_of(kernel, recurrence, sequences, recurrence.project(x))
        before = given.pre.clone()
        there = allocate(kernel, given, sequences)
        shown = kernel.program.output_state
        outputs = there.outputs if shown is None else there.states[shown][:1]
        back = replace(there, backward=True, outputs=outputs)
        # allocating has added the biases of folded products to the input products, here those of zeros
        pre, project = there.pre[0], recurrence.project
        self._project = (
            _MapRun(project, pre)
            if isinstance(project, InputMap)
            else _ProjectRun(project, pre, pre - before[0])
        )
        self._states, self._turn = there.states, 0
        self._outputs = (there.outputs[0], back.outputs[0])
        tensors = [forward_tensors(there)]
        self._calls = [kernel.prepared("forward", [there], tensors)]
        # the same room for the packed weights
        other = [back.outputs if part is there.outputs else part for part in tensors[0]]
        self._calls.append(kernel.prepared("forward", [back], [other]))
        first = [part.clone() for part in there.states]
        self._calls[0]()  # packs the weights, which must be those of now
        for part, before_it in zip(there.states, first, strict=True):
            part.copy_(before_it)
        for call in self._calls:
            call.sizes[0][IS_PACKED] = True

    @property
    def state(self) -> State:
        return tuple(part[self._turn].clone() for part in self._states)

    def __call__(self, x: Tensor) -> Tensor:
        self._project(x)
        turn = self._turn
        self._calls[turn]()
        self._turn = 1 - turn
        return self._outputs[turn]


class _MapRun:
    """Takes the input products of one moment, where they are a linear map.

    Args:
        project: The map.
        pre: Where the products go (B, G); now it holds what they begin from.
    """

    def __init__(self, project: InputMap, pre: Tensor) -> None:
        weight, library = project.weight.contiguous(), product_library(C_TYPES[pre.dtype])
        size, width = weight.shape
        packed, start, rows = panels(weight), pre.clone(), torch.arange(len(pre))
        library.pack(*c_arguments(size, width, weight, width, 1, packed, 0, 1))
        self._product, self._kept, self._dtype = library.product, (packed, start, rows, pre), pre.dtype
        self._before = c_arguments(len(pre), size, width)
        self._after = c_arguments(width, rows, packed, start, size, pre, size)

    def __call__(self, x: Tensor) -> None:
        x = x.contiguous()
        if x.dtype != self._dtype:  # as autocast makes it
            x = x.to(self._dtype)
        self._product(*self._before, ctypes.c_void_p(x.data_ptr()), *self._after)


class _ProjectRun:
    """The same where they are something else.

    Args:
        project: It.
        pre: Where the products go.
        added: What is added to them.
    """

    def __init__(self, project: Callable[[Tensor], Tensor], pre: Tensor, added: Tensor) -> None:
        self._project, self._pre, self._added = project, pre, added

    def __call__(self, x: Tensor) -> None:
        torch.add(self._project(x), self._added, out=self._pre)
