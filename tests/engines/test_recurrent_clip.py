"""The gradient of the state is clipped at each step: by all engines alike, and as worked out without them."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from conformance.bridge import expected as by_the_oracles
from conformance.cases import (
    LENGTHS,
    RESETS,
    VARIANTS,
    Case,
    evaluate,
    has_structure,
    padded,
    random_state,
    random_x,
)
from conformance.cases import assert_close as assert_found
from conformance.cases import engines as engines_of
from torch import Tensor
from torch.func import functional_call, grad, vmap

from engines.subjects import (
    Size,
    assert_close,
    assert_identical,
    engines,
    leaves_of,
    module_of,
    results,
    run_of,
    sequences_of,
    weighted,
)
from zoo.cells import ElmanSpec
from zoo.engines import RunFunction, Sequences, pick
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace
from zoo.names import name_stack, parse_stack
from zoo.stack import Stack, StackSpec

LIMIT = 0.25
CLIPPING = ("c", "eager")
NAMES = (
    *("elman", "elman relu", "lstm", "gru", "gru before", "peephole_lstm", "layernorm_lstm", "mgu", "lru"),
    *("mingru", "sru", "lstm without bias", "highway", "passing", "constant", "twice", "wide", "delayed"),
)
EACH = pytest.mark.parametrize(
    ("name", "engine"), [(name, engine) for name in NAMES for engine in engines(name) if engine in CLIPPING]
)
SIZES = [
    Size(0, 5, lengths=True, resets=True),
    Size(1, 5, lengths=True, resets=True),
    Size(2, 3),
    Size(2, 5, lengths=True, backward=True),
    Size(17, 5),
    Size(17, 5, backward=True),
    Size(17, 5, lengths=True, resets=True),
    Size(17, 5, lengths=True, resets=True, backward=True),
]


def clipped(engine: str, limit: float = LIMIT) -> RunFunction:
    """An engine that clips."""

    def run(recurrence, sequences):
        recurrence = replace(recurrence, gradient_clip=limit)
        return run_of(engine, recurrence)(recurrence, sequences)

    return run


@EACH
def test_value_and_gradient_equal_the_reference(name: str, engine: str) -> None:
    module = module_of(name)
    for size in SIZES:
        sequences = sequences_of(module.recurrence(), size)
        found = results(clipped(engine), module, sequences)
        assert_close(found, results(clipped("reference"), module, sequences))
    free = results(run_of("reference", module.recurrence()), module, sequences)
    torch.testing.assert_close(found["outputs"], free["outputs"])
    assert (found["d x"] - free["d x"]).abs().max() > 1e-3, "nothing was clipped"


@EACH
def test_a_limit_beyond_all_gradients_changes_no_bit(name: str, engine: str) -> None:
    module = module_of(name)
    sequences = sequences_of(module.recurrence(), Size(17, 5, lengths=True, resets=True))
    for key in (engine, "reference"):
        free = results(run_of(key, module.recurrence()), module, sequences)
        assert_identical(results(clipped(key, 1e30), module, sequences), free)


@pytest.mark.parametrize("learned", [True, False], ids=["learned", "zero"])
@pytest.mark.parametrize("variant", [*filter(has_structure, VARIANTS)])
def test_it_is_what_the_oracles_work_out(variant: str, learned: bool) -> None:
    for engine in ("auto", "eager", "reference"):
        options: dict[str, Any] = {"recurrent_gradient_clip": 0.2, "learn_initial_state": learned}
        if engine not in ("auto", *engines_of(variant)):
            continue
        stack = Case(variant, "bidirectional", "residual", engine).stack(**options)
        x = padded(random_x(), LENGTHS, 0.0)
        for state in (None, random_state(stack)):
            found = evaluate(stack, x, state, LENGTHS, RESETS)
            assert_found(found, by_the_oracles(stack, x, state, LENGTHS, RESETS))


@pytest.mark.parametrize("engine", ["reference", *CLIPPING])
def test_a_case_worked_by_hand(engine: str) -> None:
    """h_t = 2 h_{t-1} + x_t and a loss of 3 h_2 + 5 h_3, clipped to 4.

    Step 3 is reached by 5, and sends back clip(2 * 5) = 4; step 2 by 3 + 4 = 7, and sends clip(14) = 4;
    step 1 by 4, and sends clip(8) = 4 to the state before it. The weight's gradient is Σ δ_t h_{t-1}.
    """
    cell = ElmanSpec(activation="identity", bias=False).build(1, 1).double()
    with torch.no_grad():
        cell.weight_ih.fill_(1.0)
        cell.weight_hh.fill_(2.0)
    x = torch.tensor([1.0, 1.0, 1.0], dtype=torch.float64).view(3, 1, 1).requires_grad_()
    start = torch.ones(1, 1, dtype=torch.float64, requires_grad=True)
    outputs, _ = clipped(engine, 4.0)(cell.recurrence(), Sequences(x, (start,), (start.detach(),)))
    assert outputs.flatten().tolist() == [3.0, 7.0, 15.0]
    (3 * outputs[1] + 5 * outputs[2]).sum().backward()
    assert x.grad.flatten().tolist() == [4.0, 7.0, 5.0]
    assert start.grad.item() == 4.0
    assert cell.weight_hh.grad.item() == 4 * 1 + 7 * 3 + 5 * 7


@pytest.mark.parametrize("engine", ["reference", *CLIPPING])
@pytest.mark.parametrize("name", ["elman relu", "lstm", "gru before"])
def test_infinite_gradients_are_clipped_and_nan_stays(name: str, engine: str) -> None:
    module = module_of(name)
    sequences = sequences_of(module.recurrence(), Size(4, 2))
    outputs, _ = clipped(engine)(module.recurrence(), sequences)
    for value, is_known in ((torch.inf, True), (torch.nan, False)):
        slope = torch.zeros_like(outputs)
        slope[-1, 0] = value
        (found,) = torch.autograd.grad(outputs, sequences.state[0], slope, retain_graph=True)
        assert not found[0].isinf().any()
        if name == "elman relu":  # no gate turns ∞ - ∞ into NaN where all units have the same sign
            assert found[0].isnan().all() != is_known or is_known
        if not is_known:
            assert found[0].isnan().all()
        assert torch.equal(found[1], torch.zeros_like(found[1]))


@pytest.mark.parametrize("engine", ["reference", *CLIPPING])
@pytest.mark.parametrize("name", ["elman", "lstm", "lru", "passing"])
def test_a_graph_of_gradients_has_their_values_and_refuses_to_be_differentiated(
    name: str, engine: str
) -> None:
    module = module_of(name)
    sequences = sequences_of(module.recurrence(), Size(6, 5, lengths=True, resets=True))
    outputs, final = clipped(engine)(module.recurrence(), sequences)
    leaves = list(leaves_of(module, sequences).values())
    options: dict[str, Any] = {"allow_unused": True, "materialize_grads": True}
    loss = weighted([outputs, *final])
    plain = torch.autograd.grad(loss, leaves, retain_graph=True, **options)
    found = torch.autograd.grad(loss, leaves, create_graph=True, **options)
    torch.testing.assert_close(found, plain, rtol=0, atol=1e-12)
    with pytest.raises(RuntimeError, match=r"second derivative .* expected recurrent_gradient_clip 0"):
        weighted(found).backward()


def stack_of(engine: str = "auto", **options: Any) -> Stack:
    torch.manual_seed(0)
    options = {"cell": "lstm", "hidden_size": 4, "num_layers": 2, "recurrent_gradient_clip": 0.05} | options
    return StackSpec(engine=engine, **options).build(3).double()


@pytest.mark.parametrize("every", [1, 2, 5])
@pytest.mark.parametrize("engine", ["reference", *CLIPPING])
@pytest.mark.parametrize("variant", ["lstm", "gru(reset=before)"])
def test_chunks_clip_once_at_each_step(variant: str, engine: str, every: int) -> None:
    case = Case(variant, "bidirectional", engine=engine)
    options: dict[str, Any] = {"recurrent_gradient_clip": 0.1, "learn_initial_state": True}
    whole, chunked = case.stack(**options), case.stack(checkpoint_every=every, **options)
    x = random_x(time=17)[:, :5]
    for lengths, resets in ((None, None), (LENGTHS, RESETS)):
        found = evaluate(chunked, x, None, lengths, resets)
        assert_found(found, evaluate(whole, x, None, lengths, resets))


def test_padding_clips_nothing() -> None:
    """The gradient of a final state enters its own last step as it is, however long the padding is."""
    stack = stack_of(direction="bidirectional")
    x, lengths = random_x(), torch.tensor([3, 3, 3, 3])
    short = evaluate(stack, x[:, :3])
    found = evaluate(stack, x, lengths=lengths)
    for key, part in short.gradients.items():
        torch.testing.assert_close(found.gradients[key] if key != "x" else found.gradients[key][:, :3], part)


def test_a_stream_has_the_gradients_of_the_whole() -> None:
    stack, x = stack_of(learn_initial_state=True), random_x()

    def gradients(run: Callable[[], Tensor]) -> list[Tensor]:
        return list(torch.autograd.grad(run().square().sum() * 10, list(stack.parameters())))

    def stream() -> Tensor:
        state, outputs = stack.initial_state(len(x)), []
        for part in x.unbind(1):
            y, state = stack.step(part, state)
            outputs.append(y)
        return torch.stack(outputs, 1)

    torch.testing.assert_close(gradients(stream), gradients(lambda: stack(x)[0]))


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_function_transforms_clip_as_well(engine: str) -> None:
    stack, x = stack_of(engine), random_x()
    parameters = {name: part.detach() for name, part in stack.named_parameters()}

    def loss(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(stack, parameters, (x.unsqueeze(0),))[0].square().sum() * 10

    each = vmap(grad(loss), in_dims=(None, 0))(parameters, x)
    for b in range(len(x)):
        one = torch.autograd.grad(stack(x[b : b + 1])[0].square().sum() * 10, list(stack.parameters()))
        torch.testing.assert_close([part[b] for part in each.values()], list(one))


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's tracer reads it
@pytest.mark.filterwarnings("ignore:.*should not be instantiated")  # torch's tracer does it
def test_torch_compile_clips_as_well() -> None:
    stack, x = stack_of(), random_x()

    def gradients(run: Callable[..., Any]) -> list[Tensor]:
        return list(torch.autograd.grad(run(x)[0].square().sum() * 10, list(stack.parameters())))

    torch._dynamo.reset()
    torch.testing.assert_close(gradients(torch.compile(stack, backend="aot_eager")), gradients(stack))
    torch._dynamo.reset()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
@pytest.mark.parametrize("engine", ["eager", "reference"])
def test_other_types_and_limits_beyond_their_numbers(engine: str, dtype: torch.dtype) -> None:
    x = random_x().to(dtype)
    for limit, is_same in ((1e300, True), (1e-3, False)):
        found = []
        for clip in (0.0, limit):
            stack = stack_of(engine, recurrent_gradient_clip=clip).to(dtype)
            loss = stack(x)[0].float().square().sum()
            found.append(torch.autograd.grad(loss, list(stack.parameters())))
        same = all(torch.equal(a, b) for a, b in zip(*found, strict=True))
        assert same == is_same


@pytest.mark.parametrize("engine", ["auto", "eager", "reference"])
def test_a_network_that_explodes_has_gradients_of_the_limits_size(engine: str) -> None:
    """A linear network of spectral radius 1.3 over 200 steps: 1.3^200 is above 1e22."""
    found = []
    for clip in (0.0, 1.0):
        stack = stack_of(
            engine, cell=ElmanSpec(activation="identity"), num_layers=1, recurrent_gradient_clip=clip
        )
        with torch.no_grad():
            weight = stack.cells()[0].weight_hh
            weight.copy_(1.3 * torch.linalg.qr(weight)[0])
        x = torch.randn(2, 200, 3, dtype=torch.float64, requires_grad=True)
        stack(x)[0][:, -1].sum().backward()
        found.append(x.grad.abs().max().item())
    largest = stack.cells()[0].weight_ih.abs().sum(0).max().item()
    assert found[0] > 1e20
    assert found[1] <= largest  # each of the 4 units gets at most 1 from each step


@pytest.mark.parametrize(("cell", "engine"), [("lstm", "native"), ("mingru", "scan")])
def test_an_engine_that_cannot_clip_says_so_and_auto_takes_another(cell: str, engine: str) -> None:
    with pytest.raises(ValueError, match=f"engine '{engine}' cannot run this: .*recurrent .*each") as error:
        stack_of(engine, cell=cell)
    assert str(error.value).endswith("; use engine 'auto' or 'reference'")
    recurrence = replace(module_of(cell).recurrence(), gradient_clip=1.0)
    assert [pick("auto", recurrence, device).name for device in ("cpu", "cuda")] == ["c", "eager"]


def test_one_program_serves_every_limit_and_none_has_its_own() -> None:
    recurrence = module_of("lstm").recurrence()
    free, low, high = (
        fold_products(trace(replace(recurrence, gradient_clip=limit))) for limit in (0.0, 0.1, 9.0)
    )
    assert low == high != free


@pytest.mark.parametrize("limit", [-1.0, float("nan"), float("inf"), "1"])
def test_a_senseless_limit_is_refused(limit: Any) -> None:
    with pytest.raises(ValueError, match=r"recurrent_gradient_clip is .*; expected a"):
        StackSpec(recurrent_gradient_clip=limit)


def test_a_name_carries_it() -> None:
    spec = parse_stack("gru-2x64,recurrent_gradient_clip=0.5")
    assert spec.recurrent_gradient_clip == 0.5
    assert name_stack(spec) == "gru-2x64,recurrent_gradient_clip=0.5"


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_a_copy_clips_as_well(engine: str) -> None:
    stack, x = stack_of(engine), random_x()
    wanted = evaluate(stack, x)
    for other in (copy.deepcopy(stack), pickle.loads(pickle.dumps(stack))):
        torch.testing.assert_close(evaluate(other, x).gradients, wanted.gradients, rtol=0, atol=0)
    free = evaluate(stack_of(engine, recurrent_gradient_clip=0.0), x)
    assert (free.gradients["x"] - wanted.gradients["x"]).abs().max() > 1e-3
