"""Steps of a user's own: functions with constants, masks, branches, values that are not finite."""

import warnings
from math import inf, nan

import pytest
import torch
from torch.nn import functional as F

from engines.steps import Form, Own
from engines.subjects import (
    Size,
    assert_close,
    engines,
    expected,
    module_of,
    results,
    run_of,
    sequences_of,
)
from engines.test_gradients import second
from zoo.engines import ENGINES, pick, run_reference
from zoo.stack import StackSpec

FUNCTIONS = {
    "rsub alpha": lambda h: torch.rsub(h, 1.0, alpha=0.2),
    "0.1": lambda h: 0.1 * h,
    "sub alpha": lambda h: torch.sub(h, h * h, alpha=0.3),
    "selu": F.selu,
    "leaky_relu": lambda h: F.leaky_relu(h, 0.1),
    "pow of tensors": lambda h: h.abs() ** (h * h),
    "maximum": lambda h: h.maximum(-h),
    "minimum": lambda h: h.minimum(h * h),
    "logsigmoid": F.logsigmoid,
    "tanhshrink": F.tanhshrink,
    "lerp": lambda h: torch.lerp(h, h * h, 0.3),
    "logaddexp": lambda h: torch.logaddexp(h, -h),
    "hypot": lambda h: torch.hypot(h, h + 1),
    "frac": torch.frac,
    "data dependent": lambda h: h if bool((h > 0).all()) else 0.5 * h,
    "compared with a number before it": lambda h: torch.where(h.new_zeros(()) < h, h, -h),
    "equal to a number before it": lambda h: torch.where(h.new_zeros(()) == h, h, 0.5 * h),
    "larger than a number": lambda h: torch.maximum(h.new_zeros(()), h),
    "smaller than a number": lambda h: torch.minimum(h, h.new_ones(()) * 0.1),
    "number or tensor": lambda h: torch.where(h > 0, 0.1, h),
    "hardtanh": F.hardtanh,
    "clamp": lambda h: h.clamp(-0.1, 0.2),
    "softmax": lambda h: h.softmax(-1),
    "log softmax": lambda h: h.log_softmax(-1),
    "cumulative softmax": lambda h: h.softmax(-1).cumsum(-1),
    "two running sums": lambda h: h.cumsum(-1) * (h * h).cumsum(-1),
    "running sum of a running sum": lambda h: 0.1 * h.cumsum(-1).tanh().cumsum(-1),
    "running sum from the end": lambda h: h.flip(-1).cumsum(-1).flip(-1),
    "running sum of two blocks": lambda h: torch.cat([h, h * h], -1).cumsum(-1).flip(-1).chunk(2, -1)[0],
    "largest": lambda h: h - h.amax(-1, keepdim=True),
    "largest of two blocks": lambda h: h - torch.cat([h, -h], -1).amax(-1, keepdim=True),
    "norm": lambda h: h / h.norm(dim=-1, keepdim=True),
    "log of a sum": lambda h: h - h.logsumexp(-1, keepdim=True),
    "sum of a constant": lambda h: h + torch.full_like(h, 0.1).sum(-1, keepdim=True),
    "inf": lambda h: torch.where(h < inf, h, 0.0),
}


def made(function, out=False):
    def step(pre, state, product, _):
        h = torch.tanh(pre + product("a", state[0]))
        y = function(h)
        return (y, (0.5 * y,)) if out is False else (y, (h,))

    module = Own(Form(step), 5).double()
    torch.manual_seed(0)
    with torch.no_grad():
        for part in module.parameters():
            part.uniform_(-0.7, 0.7)
    return module


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("out", [False, True])
def test_functions(name, out):
    module = made(FUNCTIONS[name], out)
    recurrence = module.recurrence()
    pick("auto", recurrence)
    sequences = sequences_of(recurrence, Size(5, 3, True, True))
    wanted = expected(module, sequences)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for engine in ("c", "eager"):
            if ENGINES[engine].refusal(recurrence) is None:
                assert_close(results(run_of(engine, recurrence), module, sequences), wanted)


NUMBERS = {
    "times": (lambda h, a: a * h, True),
    "function": (lambda h, a: h * torch.sigmoid(a) + torch.tanh(-a), True),
    "sum and mean": (lambda h, a: h * a.sum(-1, keepdim=True) + (2 * a).mean(-1, keepdim=True), True),
    "sum with units": (lambda h, a: h * (a * h).mean(-1, keepdim=True), None),
    "largest": (lambda h, a: h * a.amax(-1, keepdim=True), True),
    "expanded": (lambda h, a: h * a.expand(h.shape[-1]), True),
    "softmax": (lambda h, a: h * a.softmax(-1), None),
    "normalised": (lambda h, a: h + F.layer_norm(a, (1,)), None),
    "side by side": (lambda h, a: h * torch.cat([a] * h.shape[-1]), None),
}
"""Steps that read one number for all units, and whether they compile under every engine; None is either."""


@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize("name", NUMBERS)
def test_one_number_for_all_units(name, width):
    function, compiles = NUMBERS[name]
    assert_reads_vectors(function, compiles, width, 1)


@pytest.mark.parametrize(
    "function",
    [
        lambda h, v: h * v.mean(-1, keepdim=True),
        lambda h, v: h * v.amax(-1, keepdim=True),
        lambda h, v: h * v.softmax(-1),
        lambda h, v: h + (v - v.sum(-1, keepdim=True)),
    ],
    ids=["mean", "largest", "softmax", "centred"],
)
def test_a_vector_that_is_taken_together(function):
    """A number that comes of a vector alone is computed once, and read by every unit."""
    assert_reads_vectors(function, True, 5, 5)


def assert_reads_vectors(function, compiles, width, size):
    def step(pre, state, product, vectors):
        h = function(torch.tanh(pre + product("a", state[0])), *vectors)
        return h, (h,)

    module = Own(Form(step), width).double()
    module.own = torch.nn.ParameterList([torch.empty(size, dtype=torch.float64)])
    torch.manual_seed(0)
    with torch.no_grad():
        for part in module.parameters():
            part.uniform_(-0.7, 0.7)
    recurrence = module.recurrence()
    sequences = sequences_of(recurrence, Size(5, 3, True, True))
    wanted = expected(module, sequences)
    for engine in ("c", "eager"):
        refused = ENGINES[engine].refusal(recurrence)
        assert compiles is None or (refused is None) == compiles
        if refused is None:
            assert_close(results(run_of(engine, recurrence), module, sequences), wanted)


@pytest.mark.parametrize("name", ["maximum", "minimum", "hardtanh", "clamp"])
def test_functions_that_should_compile(name):
    assert ENGINES["c"].refusal(made(FUNCTIONS[name]).recurrence()) is None


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        (n, e)
        for n in ("highway", "constant", "nothing_out", "layernorm_lstm", "running", "of_numbers")
        for e in engines(n)
    ],
)
def test_second(name, engine):
    for size in (Size(3, 2), Size(4, 4, True, True)):
        run = run_of(engine, module_of(name, 3).recurrence())
        assert_close(second(run, name, size), second(run_reference, name, size))


@pytest.mark.parametrize("engine", ["c", "eager"])
def test_nan_in_a_rectified_network(engine):
    module = module_of("elman relu")
    found = []
    for run in (run_of(engine, module.recurrence()), run_reference):
        sequences = sequences_of(module.recurrence(), Size(5, 4))
        with torch.no_grad():
            sequences.x[2, 1, 0] = nan
        found.append(results(run, module, sequences))
    for key in found[1]:
        torch.testing.assert_close(found[0][key], found[1][key], rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("value", [inf, -inf, nan])
@pytest.mark.parametrize("engine", ["c", "eager"])
def test_constants_that_are_not_finite(engine, value):
    module = made(lambda h: torch.where(h > 0.2, torch.full_like(h, value), h), True)
    sequences = sequences_of(module.recurrence(), Size(5, 3))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("error")
        if ENGINES[engine].refusal(module.recurrence()) is None:
            y, _ = run_of(engine, module.recurrence())(module.recurrence(), sequences)
            w, _ = run_reference(module.recurrence(), sequences)
            torch.testing.assert_close(y, w, equal_nan=True)


def test_a_mask_of_booleans_is_a_buffer():
    def step(pre, state, product, v):
        h = torch.where(mask, torch.tanh(pre + product("a", state[0])), state[0])
        return h, (h,)

    mask = torch.tensor([True, False, True, True, False])
    module = Own(Form(step), 5).double()
    torch.manual_seed(0)
    with torch.no_grad():
        for part in module.parameters():
            part.uniform_(-0.7, 0.7)
    inner = module.recurrence
    module.recurrence = lambda: type(inner())(**(vars(inner()) | {"vectors": (mask,)}))
    recurrence = module.recurrence()
    pick("auto", recurrence)
    sequences = sequences_of(recurrence, Size(5, 3))
    for engine in ("c", "eager"):
        if ENGINES[engine].refusal(recurrence) is None:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert_close(
                    results(run_of(engine, recurrence), module, sequences), expected(module, sequences)
                )


@pytest.mark.parametrize("engine", ["c", "eager", "reference"])
def test_second_derivatives_of_parameters_that_stand_in_for_the_modules(engine):
    """As in learning to learn: fast weights by `functional_call`, differentiated again after it is over."""
    stack = StackSpec(cell="peephole_lstm", hidden_size=3, engine=engine).build(2).double()
    torch.manual_seed(0)
    fast = {name: torch.randn_like(part).requires_grad_() for name, part in stack.named_parameters()}
    x = torch.randn(2, 4, 2, dtype=torch.float64)
    outputs, _ = torch.func.functional_call(stack, fast, (x,))
    found = torch.autograd.grad(outputs.square().sum(), list(fast.values()), create_graph=True)
    again = torch.autograd.grad(sum(part.square().sum() for part in found), list(fast.values()))
    reference_stack = StackSpec(cell="peephole_lstm", hidden_size=3, engine="reference").build(2).double()
    outputs, _ = torch.func.functional_call(reference_stack, fast, (x,))
    wanted = torch.autograd.grad(outputs.square().sum(), list(fast.values()), create_graph=True)
    wanted_again = torch.autograd.grad(sum(part.square().sum() for part in wanted), list(fast.values()))
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(again, wanted_again)


def test_a_branch_on_a_buffer_is_not_baked_in():
    def step(pre, state, product, _):
        h = torch.tanh(pre + product("a", state[0]))
        return (h, (h,)) if bool(flag) else (2 * h, (h,))

    flag = torch.tensor(True)
    assert "depends on the values" in ENGINES["c"].refusal(Own(Form(step), 5).recurrence())


def test_a_folder_that_others_can_write_to_is_not_loaded_from(tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("ZOO_CACHE", str(shared))
    stack = StackSpec(cell="ligru", hidden_size=3, engine="c").build(2)
    with pytest.warns(UserWarning, match="others can write to"):
        outputs, _ = stack(torch.randn(1, 4, 2))
    assert outputs.isfinite().all()
    assert not list(shared.iterdir())
