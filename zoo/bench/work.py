"""What one timed run does: a training step, a forward run, or a stream, around any module."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, final

import torch
from torch import Tensor, nn

from zoo.bench.setting import Setting, Shape
from zoo.stack import Stack

Work: TypeAlias = Callable[[], None]
Forward: TypeAlias = Callable[[Tensor], Tensor]
SEED = 1
"""Of the inputs and of the random lengths."""
WARM_UP = 2
"""Runs before one that counts."""


def inputs(shape: Shape, setting: Setting) -> Tensor:
    """A batch (B, T, I) of normal numbers, a leaf: its gradient is taken too, as below an embedding."""
    generator = torch.Generator().manual_seed(SEED)
    x = torch.randn(shape.batch_size, shape.steps, shape.input_size, generator=generator)
    return x.to(**setting.place).requires_grad_(setting.mode == "training")


def random_lengths(shape: Shape, setting: Setting) -> Tensor:
    """Lengths (B,), each from 1 to T with equal chance, the longest T."""
    generator = torch.Generator().manual_seed(SEED)
    lengths = torch.randint(1, shape.steps + 1, (shape.batch_size,), generator=generator)
    lengths[0] = shape.steps
    return lengths.to(setting.device)


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Lets torch use so many threads for a while; None for as many as it does."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def on_threads(count: int, work: Work) -> Work:
    """The work, done with so many threads of torch."""

    def limited() -> None:
        with threads(count):
            work()

    return limited


@final
class TrainingStep:
    """Forward and backward from a fixed gradient of the outputs to inputs and parameters.

    Args:
        forward: From inputs to outputs.
        x: The inputs, a leaf.
        parameters: What else receives a gradient.
    """

    def __init__(self, forward: Forward, x: Tensor, parameters: Iterable[Tensor]) -> None:
        self.forward, self.x = forward, x
        self.leaves = [x, *parameters]
        self.gradient: Tensor | None = None

    def __call__(self) -> None:
        self.release()
        outputs = self.forward(self.x)
        if self.gradient is None:
            self.gradient = torch.randn_like(outputs)
        torch.autograd.backward(outputs, self.gradient)

    def release(self) -> None:
        """Lets go of the gradients of the last step."""
        for leaf in self.leaves:
            leaf.grad = None


def prime(setting: Setting) -> None:
    """Lets torch load what its first operations need, so that nobody's first call pays for it."""
    weight = torch.ones(2, 2, **setting.place, requires_grad=True)
    torch.autograd.backward(torch.tanh(weight @ weight).sum())


def warm_up(work: Work) -> None:
    """Runs a work until caches are filled and code is compiled, and lets go of what it made."""
    for _ in range(WARM_UP):
        work()
    if isinstance(work, TrainingStep):
        work.release()
    gc.collect()


def module_work(module: nn.Module, forward: Forward, shape: Shape, setting: Setting) -> Work:
    """One run of a module over a batch, with its backward in training mode."""
    x = inputs(shape, setting)
    if setting.mode == "training":
        return TrainingStep(forward, x, module.train().parameters())
    module.eval()

    @torch.no_grad()
    def run() -> None:
        forward(x)

    return run


def stack_work(stack: Stack, shape: Shape, setting: Setting, ragged: bool) -> Work:
    """One run of a stack, with random lengths where `ragged`; in streaming mode, step by step."""
    if setting.mode == "streaming":
        return _stream(stack, shape, setting)
    lengths = random_lengths(shape, setting) if ragged else None
    return module_work(stack, lambda x: stack(x, lengths=lengths)[0], shape, setting)


def _stream(stack: Stack, shape: Shape, setting: Setting) -> Work:
    """All moments of a stream, one after the other."""
    moments = inputs(shape, setting).unbind(1)
    read = stack.eval().stream(shape.batch_size)

    def stream() -> None:
        for x in moments:
            read(x)

    return stream
