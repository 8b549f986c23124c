"""Triton's kernels on the CPU; `test_triton.py` runs this file in a process with TRITON_INTERPRET=1."""

import copy
import itertools
import pickle
from dataclasses import replace

import pytest
import torch
from torch.utils import deterministic

from zoo.cells import CELLS, ElmanSpec, GRUSpec, LRUSpec, LSTMSpec, SRUSpec
from zoo.engines import run_reference
from zoo.engines.autograd.function import KernelRun
from zoo.engines.program.ir import PRIMITIVES, Op, Ref
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace
from zoo.engines.recurrence import Sequences
from zoo.engines.triton import kernel, linear, plan
from zoo.engines.triton.build import load_kernels
from zoo.engines.triton.expressions import TRITON_PRELUDE, expression
from zoo.engines.triton.kernel import TritonKernel
from zoo.engines.triton.linear import diagonal_scan

STRUCTURES = ("elman", "gru", "janet", "layernorm_lstm", "ligru", "lru", "lstm", "mgu", "mingru", "minlstm")
SPECS = {name: CELLS[name].spec_class() for name in (*STRUCTURES, "peephole_lstm", "sru")}
SPECS |= {"gru before": GRUSpec(reset="before"), "sru peephole": SRUSpec(peephole=True)}
SPECS |= {"elman without bias": ElmanSpec(bias=False)}
SIZES = {"one step": (1, 3, 5, False), "two": (2, 4, 4, False), "ragged": (5, 5, 5, True)}
"""T, B, H, and whether there are lengths and resets."""


@pytest.fixture(autouse=True)
def _fresh_memory_holds_nan(monkeypatch, tmp_path):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    torch.use_deterministic_algorithms(True)
    assert deterministic.fill_uninitialized_memory
    yield
    torch.use_deterministic_algorithms(False)


def recurrence_of(spec, width, dtype=torch.float64, limit=0.0):
    torch.manual_seed(0)
    cell = spec.build(3, width).to(dtype)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return cell, replace(cell.recurrence(), gradient_clip=limit)


def sequences_of(recurrence, time, batch_size, ragged):
    x = torch.randn(time, batch_size, 3).to(recurrence.like)
    state, reset_state = (
        tuple(torch.randn(batch_size, width).to(recurrence.like) for width in recurrence.state_sizes)
        for _ in range(2)
    )
    for part in (x, *state, *reset_state):
        part.requires_grad_()
    if not ragged:
        return Sequences(x, state, reset_state)
    lengths = torch.tensor([time, 0, time - 1, 1, time])
    resets = torch.zeros(time, batch_size, dtype=torch.bool)
    resets[0, 2] = resets[0, 3] = resets[2, 0] = resets[3, 0] = resets[time - 1, 4] = True
    return Sequences(x, state, reset_state, lengths, resets)


def results(run, cell, recurrence, sequences):
    """Outputs, final state, and the gradients of all that they depend on."""
    outputs, final = run(recurrence, sequences)
    torch.manual_seed(1)
    loss = sum((part * torch.randn_like(part)).sum() for part in (outputs, *final))
    leaves = [sequences.x, *sequences.state, *sequences.reset_state, *cell.parameters()]
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    gradients = [torch.zeros_like(a) if b is None else b for a, b in zip(leaves, found, strict=True)]
    return [outputs, *final, *gradients]


def check(made, spec, size, dtype=torch.float64, tolerance=1e-10, limit=0.0):
    time, batch_size, width, ragged = size
    cell, recurrence = recurrence_of(spec, width, dtype, limit)
    sequences = sequences_of(recurrence, time, batch_size, ragged)
    expected = results(run_reference, cell, recurrence, sequences)
    found = results(KernelRun(made), cell, recurrence, sequences)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def kernel_of(spec, width, limit=0.0, **options):
    _, recurrence = recurrence_of(spec, width, limit=limit)
    return TritonKernel(fold_products(trace(recurrence)), **options)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SPECS)
def test_values_and_gradients_are_those_of_the_loop(name, size):
    made = kernel_of(SPECS[name], SIZES[size][2])
    assert made.plan(torch.float64).kind != "steps"
    check(made, SPECS[name], SIZES[size])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SPECS)
def test_so_they_are_where_the_weights_do_not_fit_on_the_chip(name, size, monkeypatch):
    monkeypatch.setattr(plan, "ON_CHIP", 0)
    made = kernel_of(SPECS[name], SIZES[size][2])
    if made.plan(torch.float64).kind == "sweeps":
        pytest.skip("no product feeds its state")
    check(made, SPECS[name], SIZES[size])


@pytest.mark.parametrize(
    ("name", "on_chip", "batch_size"),
    [("gru before", 2**15, 19), ("peephole_lstm", 2**15, 19), ("peephole_lstm", 0, 5), ("lru", 0, 5)],
)
def test_several_tiles_of_rows_and_units_make_one_batch(name, on_chip, batch_size, monkeypatch):
    monkeypatch.setattr(plan, "ON_CHIP", on_chip)
    monkeypatch.setattr(plan, "TILE", 4)
    check(kernel_of(SPECS[name], 5), SPECS[name], (2, batch_size, 5, False))


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("name", ["gru before", "peephole_lstm"])
def test_recorded_chunks_change_nothing(name, ragged, monkeypatch):
    monkeypatch.setattr(plan, "ON_CHIP", 0)
    monkeypatch.setattr(kernel, "GRAPH_STEPS", 2)
    recorded = []
    made = kernel_of(SPECS[name], 5, graphs=True, record=lambda work: recorded.append(work) or work)
    for _ in range(2):
        check(made, SPECS[name], (5, 5, 5, ragged))
    assert len(recorded) == 2  # once forward, once backward, for two chunks in each of two runs


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("on_chip", [2**15, 0])
@pytest.mark.parametrize("name", ["elman", "lstm", "gru before", "peephole_lstm", "lru", "sru", "mingru"])
def test_the_recurrent_gradient_is_clipped_at_each_step(name, on_chip, ragged, monkeypatch):
    monkeypatch.setattr(plan, "ON_CHIP", on_chip)
    made, size = kernel_of(SPECS[name], 5, limit=0.3), (5, 5, 5, ragged)
    for limit in (0.3, 0.1):
        check(made, SPECS[name], size, limit=limit)
    with pytest.raises(AssertionError):
        check(kernel_of(SPECS[name], 5), SPECS[name], size, limit=0.1)


@pytest.mark.parametrize("ragged", [False, True])
def test_so_it_is_in_recorded_chunks(ragged, monkeypatch):
    monkeypatch.setattr(plan, "ON_CHIP", 0)
    monkeypatch.setattr(kernel, "GRAPH_STEPS", 2)
    made = kernel_of(SPECS["lstm"], 5, limit=0.3, graphs=True, record=lambda work: work)
    for limit in (0.3, 0.1):
        check(made, SPECS["lstm"], (5, 5, 5, ragged), limit=limit)


@pytest.mark.parametrize(("on_chip", "dtype"), [(2**15, torch.float16), (0, torch.bfloat16)])
def test_half_precision_is_near_and_keeps_its_type(on_chip, dtype, monkeypatch):
    monkeypatch.setattr(plan, "ON_CHIP", on_chip)  # the interpreter's tl.dot knows float16, but not bfloat16
    check(kernel_of(LSTMSpec(), 5), LSTMSpec(), (3, 3, 5, False), dtype, 0.05)


def test_float32_is_as_near_as_float32_can_be():
    check(kernel_of(LSTMSpec(), 5), LSTMSpec(), (5, 5, 5, True), torch.float32, 2e-6)


@pytest.mark.parametrize(
    ("spec", "width", "dtype", "kind"),
    [
        (LSTMSpec(), 32, torch.float32, "whole"),
        (LSTMSpec(), 64, torch.float32, "steps"),
        (LSTMSpec(), 64, torch.bfloat16, "whole"),
        (LSTMSpec(), 65, torch.bfloat16, "steps"),
        (SRUSpec(peephole=True), 1024, torch.float32, "sweeps"),
        (LRUSpec(), 1024, torch.float32, "sweeps"),
    ],
)
def test_the_size_of_the_weights_decides_how_a_program_runs(spec, width, dtype, kind):
    assert kernel_of(spec, width).plan(dtype).kind == kind


def test_no_step_and_no_sequence_leave_the_state_as_it_is():
    for size in [(0, 3, 5, False), (2, 0, 5, False)]:
        check(kernel_of(LSTMSpec(), 5), LSTMSpec(), size)


def test_a_kernel_can_be_copied_and_pickled():
    made = kernel_of(LSTMSpec(), 5)
    check(made, LSTMSpec(), (2, 4, 5, False))
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        check(again, LSTMSpec(), (2, 4, 5, False))


VALUES = torch.tensor(
    [-40.0, -3.0, -2.0, -1.0, -0.6, -0.4, -1e-9, 0.0, 1e-9, 0.1, 0.4, 0.6, 1.0, 2.0, 3.0, 40.0],
    dtype=torch.float64,
)
# fmt: off
OF_ONE = [
    "abs", "cos", "detach", "erf", "exp", "expm1", "floor", "log", "log1p", "logical_not", "neg",
    "reciprocal", "relu", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "tanh",
]
OF_TWO = [
    "eq.Tensor", "ge.Tensor", "gt.Tensor", "le.Tensor", "lt.Tensor", "ne.Tensor", "add.Tensor", "div.Tensor",
    "mul.Tensor", "sub.Tensor", "rsub.Tensor", "pow.Tensor_Tensor", "maximum", "minimum", "logical_and",
    "logical_or", "sigmoid_backward", "tanh_backward",
]
# fmt: on
OF_TRUTHS = {"bitwise_and.Tensor", "bitwise_or.Tensor", "bitwise_not", "where.self"}


def evaluated(op, inputs):
    """An operation on float64 tensors, by a kernel of its own."""
    lines = [f"    v{k} = tl.load(x{k} + at)[None, :]" for k in range(len(inputs))]
    parameters = "".join(f"x{k}, " for k in range(len(inputs)))
    source = "\n".join(
        [
            TRITON_PRELUDE,
            "@triton.jit",
            f"def one({parameters}y, N: tl.constexpr, REAL: tl.constexpr):",
            *["    at = tl.arange(0, N)", *lines, f"    z = ({expression(op)}).to(REAL)"],
            "    tl.store(y + at[None, :], z)",
        ]
    )
    size = 512
    padded = [torch.cat([part, part.new_ones(size - len(part))]) for part in inputs]
    module, result = load_kernels(source + "\n"), torch.empty(size, dtype=torch.float64)
    module.one[(1,)](*padded, result, N=size, REAL=module.tl.float64)
    return result[: len(inputs[0])]


def assert_like_torch(name, *inputs):
    op = Op(name if "." in name else f"{name}.default", tuple(Ref(k) for k in range(len(inputs))))
    found, expected = evaluated(op, inputs), op(*inputs).double()
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=0, equal_nan=True)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, of the logarithm of 0
@pytest.mark.parametrize("name", [*OF_ONE, *OF_TWO])
def test_an_operation_has_the_values_that_torch_gives_it(name):
    pairs = torch.tensor(list(itertools.product(VALUES.tolist(), repeat=2)), dtype=torch.float64)
    assert_like_torch(name, *([VALUES] if name in OF_ONE else pairs.T.contiguous()))


def test_operations_on_truths_and_choices():
    a, b = torch.tensor([[True, True, False, False], [True, False, True, False]])
    assert_like_torch("bitwise_and.Tensor", a, b)
    assert_like_torch("bitwise_or.Tensor", a, b)
    assert_like_torch("bitwise_not", a)
    assert_like_torch("where.self", a, VALUES[:4], VALUES[4:8])
    slope = torch.ones_like(VALUES)
    threshold = Op("threshold_backward.default", (Ref(0), Ref(1), 0))
    torch.testing.assert_close(evaluated(threshold, (slope, VALUES)), threshold(slope, VALUES, 0))
    for name in ("clamp_min", "clamp_max"):
        limited = Op(f"{name}.default", (Ref(0), 0.25))
        torch.testing.assert_close(evaluated(limited, (VALUES,)), limited(VALUES, 0.25), equal_nan=True)


def test_every_primitive_was_tried():
    tried = {name.split(".")[0] for name in (*OF_ONE, *OF_TWO, *OF_TRUTHS)}
    assert tried | {"threshold_backward", "clamp_min", "clamp_max"} == PRIMITIVES


@pytest.mark.parametrize(("time", "batch_size"), [(1, 2), (4, 1), (6, 1)])
def test_a_linear_scan_is_the_loop_and_can_be_differentiated_twice(time, batch_size, monkeypatch):
    monkeypatch.setattr(linear, "SCAN_STEPS", 4)
    monkeypatch.setattr(linear, "COLUMNS", 4)
    torch.manual_seed(0)
    a, b = (torch.randn(time, batch_size, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    h0 = torch.randn(batch_size, 3, dtype=torch.float64, requires_grad=True)
    expected, h = [], h0
    for t in range(time):
        h = a[t] * h + b[t]
        expected.append(h)
    expected, found = torch.stack(expected), diagonal_scan(a, b, h0)
    torch.testing.assert_close(found, expected)
    slope = torch.randn_like(found)
    gradients = [torch.autograd.grad(part, (a, b, h0), slope) for part in (found, expected)]
    torch.testing.assert_close(*gradients)
    assert torch.autograd.gradgradcheck(diagonal_scan, (a, b, h0))


def test_a_linear_scan_over_nothing_has_the_gradients_of_nothing():
    a, b = (torch.randn(0, 2, 3, requires_grad=True) for _ in range(2))
    h0 = torch.randn(2, 3, requires_grad=True)
    gradients = torch.autograd.grad(diagonal_scan(a, b, h0).sum(), (a, b, h0))
    assert [part.count_nonzero() for part in gradients] == [0, 0, 0]


def test_a_linear_scan_says_which_shapes_it_wants():
    with pytest.raises(ValueError, match=r"expected \(T, B, H\), \(T, B, H\) and \(B, H\)"):
        diagonal_scan(torch.zeros(2, 3, 4), torch.zeros(2, 3, 4), torch.zeros(3, 5))
