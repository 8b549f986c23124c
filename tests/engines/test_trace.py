"""What is read off a step: its operations, why some steps have none, what is folded, its derivative."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engines.steps import Form, Own
from engines.subjects import EACH_SUBJECT, Size, engines, module_of, sequences_of
from zoo.engines import Product, State
from zoo.engines.program.derivative import adjoint, partials, wanted_results
from zoo.engines.program.ir import Op, Program, Ref, blocks_of, run_ops
from zoo.engines.program.recorder import NotBlockwise
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace

CAPTURED = torch.ones(5, 5, dtype=torch.float64)


def in_place(h: Tensor) -> Tensor:
    return h.clone().mul_(2.0)


REFUSED: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "dropout": (lambda h: F.dropout(h, 0.5, training=True), "calls"),
    "noise": (lambda h: h + torch.randn_like(h), "random"),
    "in place": (in_place, "changes its argument"),
    "sorted": (lambda h: h.sort(-1).values, "not element-wise"),
    "roll": (lambda h: h.roll(1, -1), "not|cuts"),
    "running product": (lambda h: h.cumprod(-1), "not element-wise"),
    "running sum of the batch": (lambda h: h.cumsum(0), "dimensions"),
    "running sum of ones": (lambda h: h + torch.ones_like(h).cumsum(-1), "counts its units"),
    "largest of the batch": (lambda h: h.amax(0, keepdim=True) + h, "dimensions"),
    "captured matrix": (lambda h: h @ CAPTURED, "mm|matmul"),
    "captured vector": (lambda h: h + CAPTURED[0], "neither its argument nor a parameter"),
    "one unit": (lambda h: h + h[..., :1], "cuts through"),
    "some units": (lambda h: torch.cat([h[..., 2:], h[..., :2]], dim=-1), "cuts through"),
    "interleaved": (lambda h: torch.stack([h, h], dim=-1).flatten(-2)[..., :5], "."),
    "another type": (lambda h: h.float().double(), "_to_copy"),
    "sum over the batch": (lambda h: h + h.sum(0, keepdim=True), "sum"),
    "transposed": (lambda h: h.T.contiguous().T, "."),
}


def step_with(function: Callable[[Tensor], Tensor]) -> Own:
    def step(pre: Tensor, state: State, product: Product, _: Any) -> tuple[Tensor, State]:
        h = torch.tanh(pre + product("a", state[0]))
        h = function(h)
        return h, (h,)

    return Own(Form(step), 5).double()


@pytest.mark.parametrize("kind", REFUSED)
def test_a_step_that_mixes_units_is_refused_with_the_reason(kind: str) -> None:
    function, words = REFUSED[kind]
    with pytest.raises(NotBlockwise, match=words) as error:
        trace(step_with(function).recurrence())
    assert str(error.value).startswith("it ")
    assert "\n" not in str(error.value)


def ports_of(name: str) -> list[tuple[str, int | None, int, int | None]]:
    """Of each product: its gates, the block it is added into, its rows, and the state that it multiplies."""
    program = fold_products(trace(module_of(name).recurrence()))
    return [
        (matmul.gates, matmul.into, matmul.rows, program.operand_state(matmul)) for matmul in program.matmuls
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("elman", [("h", 0, 1, 0)]),
        ("lstm", [("ifgo", 0, 4, 0)]),
        ("lstm without bias", [("ifgo", 0, 4, 0)]),
        ("gru before", [("rz", 0, 2, 0), ("n", 2, 1, None)]),
        ("gru", [("rzn", None, 3, 0)]),
        ("mgu", [("f", 0, 1, 0), ("n", 1, 1, None)]),
        ("highway", [("a", 0, 2, 0), ("b", None, 2, None), ("a", None, 2, None)]),
        ("twice", [("b", None, 1, 0), ("a", 0, 1, 0)]),
        ("subtracted", [("c", None, 1, 0), ("a", None, 1, 0), ("b", None, 1, 0)]),
        ("added_out_of_order", [("a", None, 2, 0), ("b", 2, 1, 0)]),
        ("wide", [("a", 0, 2, 0), ("b", None, 1, None)]),
        ("second_out", [("a", 0, 1, 1)]),
        ("sru", []),
    ],
)
def test_which_products_are_added_into_the_input_product(name: str, expected: list[Any]) -> None:
    assert ports_of(name) == expected


PROGRAMS = ("lstm", "gru", "peephole_lstm", "highway", "wide", "passing", "twice", "branches")


def random_inputs(program: Program, rows: int = 2) -> list[Tensor]:
    generator = torch.Generator().manual_seed(4)
    shape = (rows, program.width)
    return [
        torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_() for _ in program.inputs
    ]


def values_of(blocks: Any, values: list[Any]) -> list[Any]:
    return [values[block.index] if isinstance(block, Ref) else block for block in blocks]


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "passing"])
def test_a_program_computes_what_the_step_computes(name: str, folded: bool) -> None:
    recurrence = module_of(name).recurrence()
    program = fold_products(trace(recurrence)) if folded else trace(recurrence)
    sequences = sequences_of(recurrence, Size(1, 3))
    pre, taken = recurrence.project(sequences.x)[0], iter(program.matmuls)
    left = dict(zip(program.pre, blocks_of(pre, program.width), strict=True))
    for numbers, part in zip(program.state, sequences.state, strict=True):
        left |= dict(zip(numbers, blocks_of(part, program.width), strict=True))
    left |= dict(zip(program.vectors, program.fixed(recurrence.vectors), strict=True))

    def product(gates: str, operand: Tensor) -> Tensor:
        matmul = next(taken)
        assert matmul.gates == gates
        result = F.linear(operand, *recurrence.recurrent(gates))
        numbers = matmul.result if matmul.into is None else program.pre[matmul.into :][: matmul.rows]
        for number, block in zip(numbers, blocks_of(result, program.width), strict=True):
            left[number] = block if matmul.into is None else left[number] + block
        return result

    output, state = recurrence.step(pre, sequences.state, product)
    values = run_ops(program.ops, [left[number] for number in program.inputs])
    found = [torch.cat(values_of(part, values), -1) for part in (program.output, *program.new_state)]
    for part, wanted in zip(found, (output, *state), strict=True):
        torch.testing.assert_close(part, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_derivative_of_a_program_is_that_of_autograd(name: str) -> None:
    program = fold_products(trace(module_of(name).recurrence()))
    inputs = random_inputs(program)
    values = run_ops(program.ops, inputs)
    own = [program.operand_state(matmul) is None for matmul in program.matmuls]
    counted = [True] * (1 + len(program.state)) + own
    seeds = [torch.randn_like(inputs[0]) for part in program.results for _ in part]
    ops, gradients = adjoint(program)
    found = values_of(gradients, run_ops(ops, [*inputs, *seeds]))
    kept = [keep for part, keep in zip(program.results, counted, strict=True) for _ in part]
    blocks = [block for part in program.results for block in part]
    pairs = [
        (values[block.index], slope)
        for block, slope, keep in zip(blocks, seeds, kept, strict=True)
        if keep and isinstance(block, Ref)
    ]
    wanted = torch.autograd.grad(
        [value for value, _ in pairs], inputs, [slope for _, slope in pairs], allow_unused=True
    )
    for part, other in zip(found, wanted, strict=True):
        other = torch.zeros_like(inputs[0]) if other is None else other
        torch.testing.assert_close(part + torch.zeros_like(other), other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_partial_derivatives_of_a_program_are_those_of_autograd(name: str) -> None:
    program = fold_products(trace(module_of(name).recurrence()))
    inputs = random_inputs(program)
    values = run_ops(program.ops, inputs)
    ops, table = partials(program)
    known = run_ops(ops, inputs)
    for number in wanted_results(program):
        whole = values[number].sum()
        wanted = torch.autograd.grad(whole, inputs, retain_graph=True, allow_unused=True)
        for leaf, other in enumerate(wanted):
            block = table.get((number, leaf), 0.0)
            found = known[block.index] if isinstance(block, Ref) else torch.full_like(inputs[0], block)
            other = torch.zeros_like(found) if other is None else other
            torch.testing.assert_close(found.expand_as(other), other, rtol=0, atol=1e-12)


@EACH_SUBJECT
def test_no_operation_is_there_twice_and_none_for_nothing(name: str) -> None:
    if "c" not in engines(name):
        return
    program = fold_products(trace(module_of(name).recurrence()))
    assert len(set(program.ops)) == len(program.ops)
    read = {number for op in program.ops for number in op.sources}
    read |= {block.index for part in program.results for block in part if isinstance(block, Ref)}
    assert set(range(program.num_inputs, program.num_inputs + len(program.ops))) <= read


def test_a_vector_is_taken_through_its_own_functions_once() -> None:
    """exp(-exp(v)) stands before the loop, and not in it."""
    program = trace(module_of("decay").recurrence())
    assert [op.name for op in program.prologue].count("exp.default") == 2
    assert "exp.default" not in [op.name for op in program.ops]


def test_an_operation_says_what_it_reads_and_computes_it() -> None:
    op = Op("add.Tensor", (Ref(0), Ref(1)), alpha=-2.0)
    assert op.sources == [0, 1]
    assert op(torch.tensor(3.0), torch.tensor(1.0)) == 1.0
    assert torch.equal(Op("row_sum", (Ref(0),))(torch.ones(2, 3)), torch.full((2, 1), 3.0))
