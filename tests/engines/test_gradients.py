"""Gradients taken twice, of a part only, of gradients, and in the ways that only the reference loop knows."""

import copy
import pickle

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.func import functional_call, grad, jacrev, vmap

from engines.subjects import (
    EACH,
    SUBJECTS,
    Size,
    assert_close,
    assert_identical,
    engines,
    leaves_of,
    module_of,
    run_of,
    sequences_of,
    weighted,
)
from zoo.engines import RunFunction, run_reference
from zoo.stack import Stack, StackSpec

BOTH = Size(6, 5, lengths=True, resets=True)
ENGINES = ("c", "eager")
CELLS = ("lstm", "gru", "mgu", "lru", "peephole_lstm")
HALF = ("lstm", "gru", "mgu", "peephole_lstm")
TWICE_NAMES = tuple(name for name in SUBJECTS if name not in ("highway", "constant", "nothing_out"))
EACH_ENGINE = pytest.mark.parametrize("engine", ENGINES)
EACH_CELL = pytest.mark.parametrize("cell", CELLS)
EACH_HALF = pytest.mark.parametrize("cell", HALF)


@EACH
def test_a_graph_that_is_kept_gives_the_same_gradients_again(name: str, engine: str) -> None:
    module = module_of(name)
    sequences = sequences_of(module.recurrence(), BOTH)
    outputs, final = run_of(engine, module.recurrence())(module.recurrence(), sequences)
    leaves = leaves_of(module, sequences)

    def gradients(parts: list[Tensor]) -> dict[str, Tensor]:
        found = torch.autograd.grad(
            weighted(parts),
            list(leaves.values()),
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        return dict(zip(leaves, found, strict=True))

    first = gradients([outputs, *final])
    of_outputs, of_final = gradients([outputs]), gradients(list(final))
    assert_identical(gradients([outputs, *final]), first)
    waves = zip(of_outputs.items(), of_final.values(), strict=True)
    assert_close({key: a + b for (key, a), b in waves}, first)


@EACH
def test_gradients_of_a_part_alone(name: str, engine: str) -> None:
    """A loss on outputs or final states alone, for x, weights or states alone, all else without gradients."""
    module = module_of(name)
    recurrence = module.recurrence()
    for chosen in ("x", "state", "weights"):
        for of in (slice(0, 1), slice(1, None)):
            found = []
            for key in (engine, "reference"):
                sequences = sequences_of(recurrence, BOTH)
                parts = {
                    "x": [sequences.x],
                    "state": list(sequences.state),
                    "weights": [*module.parameters()],
                }
                for kind, leaves in parts.items():
                    for leaf in leaves:
                        leaf.requires_grad_(kind == chosen)
                for leaf in sequences.reset_state:
                    leaf.requires_grad_(False)
                outputs, final = run_of(key, recurrence)(recurrence, sequences)
                values = [part for part in (outputs, *final)[of] if part.requires_grad]
                found.append(gradients_or_nothing(values, parts[chosen]))
            assert_close(*found)


def gradients_or_nothing(values: list[Tensor], leaves: list[Tensor]) -> dict[str, Tensor]:
    """The gradients by place; 0 where a value does not depend on a leaf, or where there is no value."""
    if not values:
        return {str(k): torch.zeros_like(leaf) for k, leaf in enumerate(leaves)}
    found = torch.autograd.grad(weighted(values), leaves, allow_unused=True, materialize_grads=True)
    return {str(k): part for k, part in enumerate(found)}


@EACH
def test_a_run_without_gradients_is_the_same(name: str, engine: str) -> None:
    module = module_of(name)
    sequences = sequences_of(module.recurrence(), BOTH)
    run = run_of(engine, module.recurrence())
    outputs, final = run(module.recurrence(), sequences)
    for quiet in (torch.no_grad, torch.inference_mode):
        with quiet():
            again, last = run(module.recurrence(), sequences)
        for part, before in zip((again, *last), (outputs, *final), strict=True):
            assert not part.requires_grad
            torch.testing.assert_close(part.clone(), before.detach(), rtol=0, atol=1e-12)


TWICE = [(name, engine) for name in TWICE_NAMES for engine in engines(name)]


def second(run: RunFunction, name: str, size: Size) -> dict[str, Tensor]:
    """The gradients of a fixed sum of all gradients."""
    module = module_of(name, 3)
    sequences = sequences_of(module.recurrence(), size)
    outputs, final = run(module.recurrence(), sequences)
    leaves = leaves_of(module, sequences)
    values = list(leaves.values())
    first = torch.autograd.grad(
        weighted([outputs.square(), *final]),
        values,
        create_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )
    found = torch.autograd.grad(weighted(first), values, allow_unused=True, materialize_grads=True)
    names = [*leaves, *(f"second {key}" for key in leaves)]
    return dict(zip(names, (part.detach() for part in (*first, *found)), strict=True))


@pytest.mark.parametrize(("name", "engine"), TWICE)
def test_gradients_of_gradients_equal_those_of_the_reference(name: str, engine: str) -> None:
    run = run_of(engine, module_of(name, 3).recurrence())
    for size in (Size(3, 2), Size(4, 4, lengths=True, resets=True)):
        assert_close(second(run, name, size), second(run_reference, name, size))


@pytest.mark.parametrize("name", ["lstm", "gru before", "wide"])
def test_second_derivatives_equal_finite_differences(name: str) -> None:
    module = module_of(name, 2)
    recurrence = module.recurrence()
    sequences = sequences_of(recurrence, Size(3, 2))
    leaves = [sequences.x, *sequences.state]
    for engine in set(engines(name)) & set(ENGINES):
        run = run_of(engine, recurrence)

        def function(x: Tensor, *state: Tensor, run: RunFunction = run) -> Tensor:
            made = type(sequences)(x, state, sequences.reset_state)
            return run(recurrence, made)[0]

        assert torch.autograd.gradgradcheck(function, leaves, fast_mode=True)


def stack_of(cell: str, engine: str, direction: str = "bidirectional") -> Stack:
    torch.manual_seed(0)
    spec = StackSpec(cell=cell, hidden_size=4, num_layers=2, direction=direction, engine=engine)
    return spec.build(3).double()


def random_x() -> Tensor:
    return torch.randn(4, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


LENGTHS = torch.tensor([6, 0, 3, 5])


@EACH_ENGINE
@EACH_CELL
def test_function_transforms_fall_back_by_themselves(cell: str, engine: str) -> None:
    found = []
    for key in (engine, "reference"):
        stack = stack_of(cell, key)
        parameters = {name: part.detach() for name, part in stack.named_parameters()}

        def loss(parameters: dict[str, Tensor], x: Tensor, stack: Stack = stack) -> Tensor:
            return functional_call(stack, parameters, (x.unsqueeze(0),))[0].square().sum()

        per_example = vmap(grad(loss), in_dims=(None, 0))(parameters, random_x())
        found.append(per_example | {"x": jacrev(loss, argnums=1)(parameters, random_x()[0])})
    assert_close(*found)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # forward mode calls it
@EACH_ENGINE
@EACH_CELL
def test_forward_mode_falls_back_by_itself(cell: str, engine: str) -> None:
    found = []
    for key in (engine, "reference"):
        stack = stack_of(cell, key)
        with forward_ad.dual_level():
            x = forward_ad.make_dual(random_x(), torch.ones(4, 6, 3, dtype=torch.float64))
            tangent = forward_ad.unpack_dual(stack(x, None, LENGTHS)[0]).tangent
        found.append({"tangent": tangent.detach()})
    assert found[1]["tangent"].abs().max() > 1e-3
    assert_close(*found)


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's tracer reads it
@EACH_ENGINE
def test_torch_compile_gives_the_same(engine: str) -> None:
    stack, x = stack_of("gru", engine, "forward"), random_x()
    expected, _ = stack(x, None, LENGTHS)
    torch._dynamo.reset()
    found, _ = torch.compile(stack, backend="eager")(x, None, LENGTHS)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
    torch._dynamo.reset()


@EACH_ENGINE
@EACH_HALF
def test_autocast_is_near_single_precision(cell: str, engine: str) -> None:
    stack, x = stack_of(cell, engine).float(), random_x().float()
    expected, _ = stack(x, None, LENGTHS)
    wanted = torch.autograd.grad(expected.square().sum(), list(stack.parameters()))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, _ = stack(x, None, LENGTHS)
    assert not outputs[1].any()
    torch.testing.assert_close(outputs.float(), expected, rtol=0.05, atol=0.05)
    found = torch.autograd.grad(outputs.float().square().sum(), list(stack.parameters()))
    for part, other in zip(found, wanted, strict=True):
        assert part.dtype == torch.float32
        assert (part - other).norm() < 0.1 * other.norm() + 0.01


@EACH_HALF
def test_autocast_loses_no_more_in_c_than_in_the_loop(cell: str) -> None:
    def error(engine: str) -> float:
        stack, x = stack_of(cell, engine).float(), random_x().float()
        expected = torch.cat([part.flatten() for part in gradients_of(stack, x)])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = torch.cat([part.flatten() for part in gradients_of(stack, x)])
        return float((found - expected).norm() / expected.norm())

    assert error("c") < 1.5 * error("reference")


def gradients_of(stack: Stack, x: Tensor) -> tuple[Tensor, ...]:
    """Those of the parameters, of a sum of squares."""
    return torch.autograd.grad(stack(x)[0].float().square().sum(), list(stack.parameters()))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@EACH_ENGINE
@EACH_HALF
def test_modules_of_half_precision(cell: str, engine: str, dtype: torch.dtype) -> None:
    stack, x = stack_of(cell, engine).float(), random_x().float()
    wanted = torch.autograd.grad(stack(x, None, LENGTHS)[0].square().sum(), list(stack.parameters()))
    half = stack.to(dtype)
    outputs, _ = half(x.to(dtype), None, LENGTHS)
    found = torch.autograd.grad(outputs.float().square().sum(), list(half.parameters()))
    assert outputs.dtype == dtype
    for part, other in zip(found, wanted, strict=True):
        assert part.dtype == dtype
        assert (part.float() - other).norm() < 0.1 * other.norm() + 0.02


@EACH_ENGINE
@EACH_CELL
def test_a_stack_that_has_run_can_be_copied_and_pickled(cell: str, engine: str) -> None:
    stack, x = stack_of(cell, engine), random_x()
    expected, _ = stack(x, None, LENGTHS)
    for other in (copy.deepcopy(stack), pickle.loads(pickle.dumps(stack))):
        outputs, _ = other(x, None, LENGTHS)
        torch.testing.assert_close(outputs, expected, rtol=0, atol=0)
        with torch.no_grad():
            next(other.parameters()).add_(1.0)
        assert not torch.equal(other(x, None, LENGTHS)[0], outputs)
        assert torch.equal(stack(x, None, LENGTHS)[0], expected)
