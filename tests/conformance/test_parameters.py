"""Parameters: names that last, gradients that arrive, checkpoints that reload, first values gate by gate."""

import io
import json
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from oracles.cells import oracle

import zoo
from conformance import golden
from conformance.bridge import oracle_of
from conformance.cases import (
    EACH_COMPOSITION,
    HIDDEN,
    INPUT,
    LENGTHS,
    RESETS,
    VARIANTS,
    ZOO_VARIANTS,
    Case,
    assert_identical,
    evaluate,
    random_deltas,
    random_state,
    random_x,
    tensors,
)
from zoo.cells import CellSpec, LayerNormLSTMSpec, LRUSpec
from zoo.stack import StackSpec


def starts_otherwise(spec: CellSpec) -> tuple[str, ...]:
    """The parameters that do not start as usual, as the cell's oracle says; a test of their own says how."""
    return getattr(oracle(spec.key).equations, "STARTS_OTHERWISE", ())


def test_what_has_been_released_keeps_its_names_and_shapes() -> None:
    """See `conformance.golden`."""
    frozen, current = json.loads(golden.PATH.read_text(encoding="utf-8")), golden.current()
    assert frozen["version"] == zoo.__version__, "a release freezes its parts: python -m conformance.golden"
    for kind, parts in frozen.items():
        for name, shapes in parts.items() if kind != "version" else ():
            assert current[kind].get(name) == shapes, f"{kind}: {name}"


@EACH_COMPOSITION
def test_every_gate_of_every_parameter_receives_gradient(case: Case) -> None:
    """With a step that is missing, for a cell with parameters for that; and in times that differ."""
    spec, x = VARIANTS[case.variant], random_x()
    options: dict[str, Any] = {"learn_initial_state": True}
    if getattr(oracle_of(spec.build(INPUT, HIDDEN)).equations, "READS_MISSING", False):
        options |= {"num_layers": 1, "wiring": "plain"}
        x[:, ::2] = math.nan
    deltas = random_deltas() if spec.cell_class.reads_deltas else None
    stack = case.stack(**options)
    gradients = evaluate(stack, x, random_state(stack), LENGTHS, RESETS, deltas).gradients
    trained = {name: parameter.requires_grad for name, parameter in stack.named_parameters()}
    for name, gradient in gradients.items():
        if not trained.get(name, True):
            continue
        fused = name.endswith(("weight_ih", "weight_hh", "cell.bias", "bias_hh"))
        for block in gradient.split(HIDDEN) if fused else [gradient]:
            assert block.any(), f"{name} receives no gradient"


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_state_dict_holds_parameters_and_nothing_else(variant: str) -> None:
    stack = Case(variant, "bidirectional", "residual").stack()
    assert set(stack.state_dict()) == {name for name, _ in stack.named_parameters()}
    if not VARIANTS[variant].bias:
        assert not [name for name in stack.state_dict() if "bias" in name]


@EACH_COMPOSITION
def test_a_stack_reloads_from_plain_data_as_it_was(case: Case) -> None:
    """The user's own cells, which no name finds, are rebuilt from their spec."""
    stack, file = case.stack(learn_initial_state=True), io.BytesIO()
    is_own = case.variant.startswith("own_")
    plain = {} if is_own else stack.spec.plain()
    torch.save({"spec": plain, "weights": stack.state_dict()}, file)
    file.seek(0)
    stored = torch.load(file, weights_only=True)
    spec = stack.spec if is_own else StackSpec.of(stored["spec"])
    assert spec == stack.spec
    again = spec.build(INPUT).double().eval()
    again.load_state_dict(stored["weights"])
    x = random_x()
    (outputs, final), (same, same_final) = stack(x), again(x)
    assert_identical(same, outputs)
    assert_identical(tensors(same_final), tensors(final))


@pytest.mark.parametrize(
    "spec", [spec for spec in ZOO_VARIANTS.values() if "weight_ih" not in starts_otherwise(spec)], ids=str
)
def test_each_gate_starts_with_its_own_fan_and_its_own_orthogonality(spec: CellSpec) -> None:
    """One Xavier draw for the stacked matrix would make every gate too small."""
    torch.manual_seed(0)
    width_in, width = 30, 40
    cell = spec.build(width_in, width)
    bound = math.sqrt(6 / (width_in + width))
    for rows in cell.weight_ih.split(width):
        assert 0.97 * bound < rows.abs().max() <= bound
    usual = cell.weight_hh is not None and "weight_hh" not in starts_otherwise(spec)
    for rows in cell.weight_hh.split(width) if usual else ():
        torch.testing.assert_close(rows @ rows.T, torch.eye(width), rtol=0, atol=1e-5)
        if spec.recurrent_init == "identity":
            assert torch.equal(rows, torch.eye(width))


def test_gains_start_at_one() -> None:
    cell = LayerNormLSTMSpec().build(3, 4)
    for gain in (cell.gain_ih, cell.gain_hh, cell.gain_c):
        assert torch.equal(gain, torch.ones_like(gain))


@pytest.mark.parametrize(("r_min", "r_max"), [(0.0, 1.0), (0.5, 0.9), (0.99, 1.0)])
def test_the_eigenvalues_of_an_lru_start_on_a_ring(r_min: float, r_max: float) -> None:
    """Uniformly by area; and the state's variance is that of B x, for white noise."""
    torch.manual_seed(0)
    cell = LRUSpec(r_min=r_min, r_max=r_max, max_phase=0.5).build(3, 2000)
    radius, phase = torch.exp(-torch.exp(cell.nu_log)), torch.exp(cell.theta_log)
    assert radius.min() >= r_min - 1e-6
    assert radius.max() <= r_max
    assert radius.square().mean().item() == pytest.approx((r_min**2 + r_max**2) / 2, abs=0.02)
    assert 0 <= phase.min() < 0.01
    assert 0.49 < phase.max() <= 0.5
    torch.testing.assert_close(torch.exp(cell.gamma_log).square(), 1 - radius**2, rtol=1e-2, atol=1e-6)
    spread = torch.stack([rows.std() for rows in cell.weight_ih.split(2000)])
    torch.testing.assert_close(spread, torch.tensor([1 / 6, 1 / 6, 1 / 3]).sqrt(), rtol=0.05, atol=0)


@pytest.mark.parametrize("spec", ZOO_VARIANTS.values(), ids=list(ZOO_VARIANTS))
def test_biases_and_vectors_start_at_zero_and_the_forget_gate_open(spec: CellSpec) -> None:
    cell = spec.build(3, 4)
    if "forget_bias" in spec.plain() and cell.bias is not None and "f" in cell.gates:
        assert cell.bias[cell.rows("f")].tolist() == [1.0] * 4
        cell.bias.data[cell.rows("f")] = 0
        shut = replace(spec, forget_bias=-2.5).build(3, 4)
        assert shut.bias[shut.rows("f")].tolist() == [-2.5] * 4
    for name, parameter in cell.named_parameters():
        if parameter.dim() == 1 and name not in starts_otherwise(spec):
            assert not parameter.any(), name


def test_the_initial_state_is_zero_until_it_is_learned() -> None:
    for spec in VARIANTS.values():
        for learned in (False, True):
            stack = StackSpec(cell=spec, hidden_size=HIDDEN, learn_initial_state=learned).build(INPUT)
            parts = tensors(stack.initial_state(2))
            assert not any(part.any() for part in parts)
            assert [part.requires_grad for part in parts] == [learned] * len(parts)
