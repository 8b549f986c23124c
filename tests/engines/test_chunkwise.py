"""The engine for matrix states against the reference loop, over several chunks and with several heads."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from zoo.cells import CELLS
from zoo.engines import ENGINES, Recurrence, Sequences, pick, run_reference
from zoo.engines.chunkwise import STEPS, STEPS_BY_ROW, run_chunkwise

INPUT, HIDDEN, HEADS = 3, 8, 2
MATRIX = [
    name
    for name in CELLS.names()
    if CELLS[name].card.family == "matrix" and "heads" in vars(CELLS[name].spec_class())
]
EACH = pytest.mark.parametrize("name", MATRIX)


def cell_of(name: str, scale: float = 0.7, **options: Any) -> Any:
    cell = CELLS[name].spec_class(heads=HEADS, **options).build(INPUT, HIDDEN).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.uniform_(-scale, scale, generator=generator)
    return cell


def sequences_of(recurrence: Recurrence, time: int, padded: bool = True, cut: bool = False) -> Sequences:
    generator = torch.Generator().manual_seed(2)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x = draw(time, 3, INPUT).requires_grad_()
    state, anew = (tuple(draw(3, size).requires_grad_() for size in recurrence.state_sizes) for _ in range(2))
    lengths = torch.tensor([time, 0, time // 2 + 1]).clamp(max=time) if padded else None
    resets = torch.zeros(time, 3, dtype=torch.bool) if cut else None
    if resets is not None:
        resets[time // 3, 0] = resets[1:3, 2] = True
    return Sequences(x, state, anew, lengths, resets)


def results(run: Any, recurrence: Recurrence, sequences: Sequences, order: int = 1) -> list[Tensor]:
    outputs, final = run(recurrence, sequences)
    sources = [sequences.x, *sequences.state, *sequences.reset_state]
    loss = sum(
        (part * torch.cos(torch.arange(part.numel()).view_as(part))).sum() for part in (outputs, *final)
    )
    gradients = torch.autograd.grad(
        loss, sources, allow_unused=True, materialize_grads=True, create_graph=order > 1
    )
    found = [outputs, *final, *gradients]
    if order > 1:
        total = sum(part.square().sum() for part in gradients)
        found += torch.autograd.grad(total, sources, allow_unused=True, materialize_grads=True)
    return [part.detach() for part in found]


def assert_same(cell: Any, sequences: Sequences, order: int = 1) -> None:
    recurrence = cell.recurrence()
    found, expected = (results(run, recurrence, sequences, order) for run in (run_chunkwise, run_reference))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("time", [1, STEPS_BY_ROW - 1, STEPS_BY_ROW, STEPS_BY_ROW + 1, STEPS, STEPS + 1, 150])
@EACH
def test_a_run_of_any_length_equals_the_reference_loop(name: str, time: int) -> None:
    cell = cell_of(name)
    assert_same(cell, sequences_of(cell.recurrence(), time))


@EACH
def test_resets_in_the_middle_of_chunks(name: str) -> None:
    cell = cell_of(name)
    assert_same(cell, sequences_of(cell.recurrence(), 70, cut=True))


@EACH
def test_gradients_of_gradients(name: str) -> None:
    cell = cell_of(name)
    assert_same(cell, sequences_of(cell.recurrence(), STEPS_BY_ROW + 4), order=2)


@EACH
def test_gates_that_are_all_but_shut_or_open(name: str) -> None:
    """Sums of logarithms of hundreds, whose exponentials apart would be 0 or infinite."""
    cell = cell_of(name, scale=15.0)
    recurrence, sequences = cell.recurrence(), sequences_of(cell.recurrence(), 80)
    found, expected = (results(run, recurrence, sequences) for run in (run_chunkwise, run_reference))
    assert all(part.isfinite().all() for part in found)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_keys_narrower_than_values() -> None:
    cell = cell_of("mlstm", key_ratio=0.5, gate_cap=1.0, head_norm=True, read_epsilon=0.1)
    assert (cell.memory().key_size, cell.memory().value_size) == (2, 5)
    assert_same(cell, sequences_of(cell.recurrence(), STEPS + 1, cut=True))


def test_it_is_taken_by_itself_and_refuses_what_it_cannot_do() -> None:
    recurrence = cell_of("gla").recurrence()
    assert pick("auto", recurrence).name == "chunkwise"
    assert "clip between them" in str(ENGINES["chunkwise"].refusal(replace(recurrence, gradient_clip=1.0)))
    lstm = CELLS["lstm"].spec_class().build(INPUT, HIDDEN).recurrence()
    assert "no matrix" in str(ENGINES["chunkwise"].refusal(lstm))


def test_a_width_that_the_heads_do_not_share_is_refused() -> None:
    with pytest.raises(ValueError, match="gla has width 7 and 2 heads; expected a multiple"):
        CELLS["gla"].spec_class(heads=2).build(INPUT, 7)


def test_linear_attention_is_attention_without_a_softmax() -> None:
    """Σ_s φ(q_t)·φ(k_s) v_s / Σ_s φ(q_t)·φ(k_s), over all steps up to t."""
    cell = cell_of("linear_attention")
    recurrence, sequences = cell.recurrence(), sequences_of(cell.recurrence(), 40, padded=False)
    zeros = Sequences(sequences.x, *[tuple(torch.zeros_like(part) for part in sequences.state)] * 2)
    outputs, _ = run_chunkwise(recurrence, zeros)
    q, k, v = (part.unflatten(-1, (HEADS, -1)) for part in cell.project(sequences.x).chunk(3, dim=-1))
    phi_q, phi_k = torch.nn.functional.elu(q) + 1, torch.nn.functional.elu(k) + 1
    scores = torch.einsum("tbnk,sbnk->bnts", phi_q, phi_k).tril()
    expected = torch.einsum("bnts,sbnv->tbnv", scores / scores.sum(-1, keepdim=True), v).flatten(-2)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-12)


def test_the_delta_rule_gives_back_what_was_kept_under_a_key() -> None:
    """With β = 1 the value under a key is replaced whole, whatever was there before."""
    cell = cell_of("deltanet", bias=True)
    memory = cell.memory()
    terms = memory.terms(cell.project(torch.randn(1, INPUT, dtype=torch.float64)))
    state = torch.randn(1, HEADS, memory.key_size, memory.value_size, dtype=torch.float64)
    there = torch.einsum("bnk,bnkv->bnv", terms.k, state)
    after = state + terms.k.unsqueeze(-1) * (terms.v - there).unsqueeze(-2)
    found = torch.einsum("bnk,bnkv->bnv", terms.k, after)
    torch.testing.assert_close(found, terms.v, rtol=0, atol=1e-4)
