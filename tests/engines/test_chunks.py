"""Recomputation in chunks of steps changes what is kept, and nothing else."""

import pytest
import torch
from conformance.cases import LENGTHS, RESETS, Case, assert_close, engines, evaluate, random_state, random_x
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from zoo.stack import StackSpec


@pytest.mark.parametrize("every", [1, 2, 5, 9])
@pytest.mark.parametrize("variant", ["lstm", "gru(reset=before)", "layernorm_lstm"])
def test_chunks_compute_what_the_whole_does(variant: str, every: int) -> None:
    for engine in engines(variant):
        case = Case(variant, "bidirectional", "residual", engine)
        whole, chunked = case.stack(), case.stack(checkpoint_every=every)
        x, state = random_x(), random_state(whole)
        for lengths in (None, LENGTHS):
            for resets in (None, RESETS):
                expected = evaluate(whole, x, state, lengths, resets)
                assert_close(evaluate(chunked, x, state, lengths, resets), expected)


def kept_bytes(engine: str, every: int) -> int:
    """How much a forward run keeps for the backward run, weights left out."""
    spec = StackSpec(cell="gru", hidden_size=16, engine=engine, checkpoint_every=every)
    stack = spec.build(4)
    weights = {part.untyped_storage().data_ptr() for part in stack.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs, _ = stack(torch.randn(8, 128, 4, requires_grad=True))
    assert outputs.requires_grad
    return sum(size for address, size in kept.items() if address not in weights)


@pytest.mark.parametrize("engine", engines("gru"))
def test_chunks_keep_a_fraction(engine: str) -> None:
    assert kept_bytes(engine, 16) < 0.3 * kept_bytes(engine, 0)


class Whole(TorchDispatchMode):
    """Counts the operations that give a tensor over so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps, self.count = steps, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **kwargs or {})
        self.count += isinstance(found, Tensor) and self.steps in found.shape
        return found


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_the_gradient_of_a_chunk_is_not_as_long_as_the_whole(direction: str) -> None:
    def count(every: int) -> int:
        stack = StackSpec(cell="gru", hidden_size=4, direction=direction, checkpoint_every=every).build(4)
        x = torch.randn(2, 61, 4, requires_grad=True)
        with Whole(61) as mode:
            stack(x)[0].sum().backward()
        return mode.count

    assert count(2) == count(40)


def test_a_senseless_number_of_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="checkpoint_every is -1"):
        StackSpec(checkpoint_every=-1)
