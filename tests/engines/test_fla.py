"""The engine `fla` against the loop, by the plain functions that its package has beside its kernels."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from engines.test_chunkwise import EACH, HEADS, INPUT, cell_of, results, sequences_of
from zoo.cells import CELLS
from zoo.engines import ENGINES, Sequences, pick, run_reference
from zoo.engines.fla import KERNELS, WIDEST, FlaRun, kernel


@pytest.fixture(scope="module")
def plain() -> dict[str, Callable[..., Any]]:
    """The package's functions without kernels; it is imported late, for that takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on a machine without a GPU it says so
        from fla.ops.gated_delta_rule.naive import naive_recurrent_gated_delta_rule
        from fla.ops.gla.naive import naive_recurrent_gla
        from fla.ops.simple_gla.naive import naive_chunk_simple_gla

    def gla(
        q: Tensor, k: Tensor, v: Tensor, g: Tensor, scale: float, **options: Any
    ) -> tuple[Tensor, Tensor]:
        # it always divides by the root of K
        found, last = naive_recurrent_gla(q * scale * q.shape[-1] ** 0.5, k, v, g, **options)
        return found, last

    return {"scalar": naive_chunk_simple_gla, "row": gla, "delta": naive_recurrent_gated_delta_rule}


def single(sequences: Sequences, device: str) -> Sequences:
    """The same in single precision, on a device."""

    def moved(part: Tensor) -> Tensor:
        return part.detach().float().to(device).requires_grad_()

    return Sequences(
        moved(sequences.x),
        tuple(map(moved, sequences.state)),
        tuple(map(moved, sequences.reset_state)),
        None if sequences.lengths is None else sequences.lengths.to(device),
        None if sequences.resets is None else sequences.resets.to(device),
    )


@EACH
@pytest.mark.parametrize("cut", [False, True])
def test_value_and_gradient_equal_the_loop(
    name: str, cut: bool, plain: dict[str, Callable[..., Any]]
) -> None:
    recurrence = cell_of(name).float().recurrence()
    sequences = single(sequences_of(recurrence, 70, cut=cut), "cpu")
    found = results(FlaRun(plain), recurrence, sequences)
    for part, wanted in zip(found, results(run_reference, recurrence, sequences), strict=True):
        torch.testing.assert_close(part, wanted, rtol=1e-3, atol=1e-3 * max(1.0, float(wanted.abs().max())))


@pytest.mark.usefixtures("plain")
def test_it_says_why_it_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    single = cell_of("gla").float()
    cases = [
        (single.recurrence(), "cpu", "runs on CUDA, not on cpu"),
        (cell_of("gla").recurrence(), "cuda", "does not compute in float64"),
        (CELLS["lstm"].spec_class().build(3, 8).recurrence(), "cuda", "its state is no matrix"),
        (CELLS["gla"].spec_class().build(3, WIDEST + 8).recurrence(), "cuda", f"at most {WIDEST}"),
    ]
    for recurrence, device, words in cases:
        refusal = ENGINES["fla"].refusal(recurrence, device)
        assert refusal is not None
        assert words in refusal
    with pytest.raises(ValueError, match=r"engine 'fla' cannot run this: .* not on cpu; use engine 'auto'"):
        pick("fla", single.recurrence())
    monkeypatch.setattr("zoo.engines.fla.KERNELS", {"row": "no_such_package:function"})
    refusal = ENGINES["fla"].refusal(single.recurrence(), "cuda")
    missing = "No module named 'no_such_package'"
    assert refusal == f"flash-linear-attention is not there, {missing}: pip install fla-core"
    monkeypatch.setattr("zoo.engines.fla.KERNELS", {"row": "math:chunk_gla"})
    assert "math has no chunk_gla" in str(ENGINES["fla"].refusal(single.recurrence(), "cuda"))


def test_its_kernels_are_where_it_looks_for_them(plain: dict[str, Callable[..., Any]]) -> None:
    assert set(KERNELS) == set(plain)
    assert all(callable(kernel(kind)) for kind in KERNELS)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="its kernels run on a GPU")
@EACH
def test_its_kernels_equal_the_loop(name: str) -> None:
    recurrence = CELLS[name].spec_class(heads=HEADS).build(INPUT, 64).cuda().recurrence()
    sequences = single(sequences_of(recurrence, 200, cut=True), "cuda")
    found = results(pick("fla", recurrence, "cuda").run, recurrence, sequences)
    for part, wanted in zip(found, results(run_reference, recurrence, sequences), strict=True):
        torch.testing.assert_close(part, wanted, rtol=1e-2, atol=1e-2 * max(1.0, float(wanted.abs().max())))
