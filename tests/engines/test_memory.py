"""Engines read no memory that they have not written, and write into none that is not theirs."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.utils import deterministic

from engines.subjects import (
    EACH,
    Size,
    assert_close,
    assert_identical,
    expected,
    leaves_of,
    module_of,
    results,
    run_of,
    sequences_of,
)
from zoo.engines import Sequences

SIZES = [Size(1, 1), Size(6, 3), Size(6, 5, lengths=True, resets=True)]


@pytest.fixture
def nan_filled() -> Iterator[None]:
    """Memory that is asked for comes filled with NaN."""
    torch.use_deterministic_algorithms(True)
    assert deterministic.fill_uninitialized_memory
    one = torch.ones(3, dtype=torch.float64)
    assert all(part.isnan().all() for part in (torch.empty(3), one.new_empty(3), torch.empty_like(one)))
    yield
    torch.use_deterministic_algorithms(False)


def found_in(name: str, engine: str) -> list[dict[str, Tensor]]:
    module = module_of(name)
    run = run_of(engine, module.recurrence())
    return [results(run, module, sequences_of(module.recurrence(), size)) for size in SIZES]


@EACH
def test_memory_that_holds_nan_changes_nothing(name: str, engine: str, request) -> None:
    usual = found_in(name, engine)
    request.getfixturevalue("nan_filled")
    for found, wanted in zip(found_in(name, engine), usual, strict=True):
        assert not any(part.isnan().any() for part in found.values())
        assert_identical(found, wanted)


@EACH
def test_nothing_that_was_given_changes(name: str, engine: str) -> None:
    for size in SIZES:
        module = module_of(name)
        sequences = sequences_of(module.recurrence(), size)
        leaves = leaves_of(module, sequences)
        before = {key: part.detach().clone() for key, part in leaves.items()}
        results(run_of(engine, module.recurrence()), module, sequences)
        assert_identical({key: part.detach() for key, part in leaves.items()}, before)
        with torch.no_grad():
            run_of(engine, module.recurrence())(module.recurrence(), sequences)
        assert_identical({key: part.detach() for key, part in leaves.items()}, before)


PROJECTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "the input itself": lambda x: x,
    "a part of it": lambda x: x[..., :5],
    "one unit of it": lambda x: x[..., :1].expand(*x.shape[:-1], 5),
    "a function that reads its result": lambda x: torch.exp(x),
    "a view of one": lambda x: torch.tanh(x).view(*x.shape[:-1], 1, -1).squeeze(-2),
    "a sum": lambda x: x + 1.0,
    "gates beside one another": lambda x: torch.cat([x[..., :2].sigmoid(), x[..., 2:]], dim=-1),
}


@pytest.mark.parametrize("engine", ["c", "eager"])
@pytest.mark.parametrize("kind", PROJECTIONS)
def test_input_products_that_others_read_again(kind: str, engine: str) -> None:
    """An engine that adds into them must not do so where somebody else needs them as they were."""
    module, found = module_of("elman"), []
    for key in (engine, "reference"):
        width = 7 if kind == "a part of it" else 5
        recurrence = replace(module.recurrence(), project=PROJECTIONS[kind], input_size=width)
        sequences = sequences_of(recurrence, Size(6, 3))
        before = sequences.x.detach().clone()
        outputs, final = run_of(key, recurrence)(recurrence, sequences)
        (gradient,) = torch.autograd.grad(outputs.square().sum() + final[0].sum(), sequences.x)
        assert torch.equal(sequences.x, before)
        with torch.no_grad():
            again, _ = run_of(key, recurrence)(recurrence, sequences)
        assert torch.equal(sequences.x, before)
        found.append({"outputs": outputs.detach(), "again": again, "d x": gradient})
    assert_close(*found)


@EACH
def test_what_came_out_stays_as_it_was(name: str, engine: str) -> None:
    """Neither a second run nor a backward pass writes into what the first run gave."""
    module = module_of(name)
    run = run_of(engine, module.recurrence())
    sequences = sequences_of(module.recurrence(), SIZES[2])
    outputs, final = run(module.recurrence(), sequences)
    kept = [part.detach().clone() for part in (outputs, *final)]
    results(run, module, sequences_of(module.recurrence(), SIZES[2], seed=9))
    torch.stack([part.square().sum() for part in (outputs, *final)]).sum().backward()
    for part, before in zip((outputs, *final), kept, strict=True):
        assert torch.equal(part, before)


@EACH
def test_layout_in_memory_makes_no_difference(name: str, engine: str) -> None:
    """Inputs of a transposed batch, states that are one row expanded, masks with gaps."""
    module = module_of(name)
    recurrence, size = module.recurrence(), Size(6, 3, lengths=True, resets=True)
    plain = sequences_of(recurrence, size)
    rows = [part[:1].detach() for part in (*plain.state, *plain.reset_state)]
    count = len(plain.state)

    def with_rows(made: list[Tensor], strided: bool) -> Sequences:
        x, lengths, resets = plain.x.detach(), plain.lengths, plain.resets
        assert lengths is not None
        assert resets is not None
        if strided:
            x, resets = x.transpose(0, 1).contiguous().transpose(0, 1), resets.T.contiguous().T
            lengths = lengths.repeat_interleave(2)[::2]
            assert not any(part.is_contiguous() for part in (x, resets, lengths))
        leaves = [part.requires_grad_() for part in made]
        return Sequences(x.requires_grad_(), tuple(leaves[:count]), tuple(leaves[count:]), lengths, resets)

    wanted = expected(module, with_rows([row.repeat(3, 1) for row in rows], False))
    strided = with_rows([row.expand(3, -1) for row in rows], True)
    assert_close(results(run_of(engine, recurrence), module, strided), wanted)


@EACH
def test_gradients_that_come_in_strided_or_expanded(name: str, engine: str) -> None:
    """The sum of the outputs gives one number expanded; a transposed batch, a strided gradient."""
    module = module_of(name)
    recurrence, found = module.recurrence(), []
    for key in (engine, "reference"):
        sequences = sequences_of(recurrence, Size(6, 3))
        outputs, final = run_of(key, recurrence)(recurrence, sequences)
        weight = torch.arange(18.0, dtype=torch.float64).view(3, 6, 1)
        loss = (outputs.transpose(0, 1) * weight).sum() + sum(part.sum() for part in final)
        leaves = leaves_of(module, sequences)
        plain = torch.autograd.grad(
            outputs.sum() + final[-1].sum(), list(leaves.values()), retain_graph=True, allow_unused=True
        )
        both = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
        names = [*leaves, *(f"{key} of both" for key in leaves)]
        gradients = zip(names, (*plain, *both), strict=True)
        found.append({key: torch.zeros(1) if part is None else part for key, part in gradients})
    kept = {key for key in found[0] if found[0][key].shape == found[1][key].shape}
    assert_close({key: found[0][key] for key in kept}, {key: found[1][key] for key in kept})
