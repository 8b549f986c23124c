"""The cases of the battery, drawn from the registries, and what each test runs on them."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints
from zlib import crc32

import pytest
import torch
from torch import Tensor

from conformance.own_cells import OWN
from zoo.cells import CELLS, CellSpec, MLSTMSpec
from zoo.engines import ENGINES
from zoo.engines.choice import PREFERENCE
from zoo.registry import Spec
from zoo.stack import Stack, StackSpec, map_state
from zoo.stack.spec import DIRECTIONS, MERGES
from zoo.wiring import WIRINGS, BlockSpec, WiringSpec

INPUT, HIDDEN, LAYERS = 3, 6, 2
BATCH, TIME = 4, 5
LENGTHS = torch.tensor([TIME, 0, 3, 1])
"""Full, empty, in between, one step."""
RESETS = torch.zeros(BATCH, TIME, dtype=torch.bool)
RESETS[0, [2, 3]] = RESETS[2, 0] = RESETS[2, 2] = True
RESETS[1, 0] = RESETS[2, 4] = RESETS[3, 1] = True  # in the padding, where they must do nothing
INITIAL_ONLY = ("recurrent_init",)
"""Choices that change the initial values and not the equations."""


def choices(spec_class: type[Spec]) -> dict[str, tuple[Any, ...]]:
    """The fields of a spec that offer a choice between named values, with those values."""
    found = {}
    for name, kind in get_type_hints(spec_class).items():
        if name in {field.name for field in fields(spec_class)}:
            found |= {name: (True, False)} if kind is bool else {}
            found |= {name: get_args(kind)} if get_origin(kind) is Literal else {}
    return found


def variants(registry: Any) -> dict[str, Any]:
    """The spec of every registered part as it comes, and with each of its choices changed that it takes."""
    found = {}
    for name in registry.names():
        default = registry[name].spec_class()
        found[name] = default
        for field, values in choices(type(default)).items():
            for value in values:
                with suppress(ValueError):  # a choice that it has by way of its base, and refuses
                    spec = replace(default, **{field: value})
                    found |= {f"{name}({field}={value})": spec} if spec != default else {}
    return found


WIRING_VARIANTS: dict[str, WiringSpec] = variants(WIRINGS)
"""Name -> spec of every wiring with each of its choices."""


def changes_only_initial_values(name: str) -> bool:
    return any(f"({field}=" in name for field in INITIAL_ONLY)


ZOO_VARIANTS: dict[str, CellSpec] = variants(CELLS)
TOGETHER: dict[str, CellSpec] = {
    "mlstm(as in xLSTM 7B)": MLSTMSpec(
        heads=2, gate_bias_only=True, key_ratio=0.67, gate_cap=0.5, head_norm=True, read_epsilon=0.3
    )
}
"""Cells with several options at once, among them numbers: of 3 units a head 2 for its keys."""
NOT_ALONE = ("mlstm(gate_bias_only=True)", "mlstm(head_norm=True)")
"""Choices that are of `TOGETHER`, and not run by themselves as well."""
VARIANTS: dict[str, CellSpec] = {
    name: spec
    for name, spec in (ZOO_VARIANTS | TOGETHER | variants(OWN)).items()
    if name not in NOT_ALONE and not changes_only_initial_values(name)
}
"""Name -> spec of every cell variant with equations of its own, the user's own cells included."""


@cache
def engines(variant: str) -> tuple[str, ...]:
    """The engines that do not refuse this variant, first the one that is taken by itself."""
    recurrence = VARIANTS[variant].build(INPUT, HIDDEN).recurrence()
    able = [name for name, engine in ENGINES.items() if engine.refusal(recurrence) is None]
    order = [*PREFERENCE["cpu"], *ENGINES]
    return tuple(sorted(able, key=order.index))


SMALL = {"block": BlockSpec(expansion=0.5, norm_epsilon=0.1)}
"""Wirings whose many weights would take the oracle long; `WIRING_VARIANTS` has them as they come."""


@dataclass(frozen=True)
class Case:
    """A stack of the battery: a cell variant and what is composed around it."""

    variant: str
    direction: str = "forward"
    wiring: str = "plain"
    engine: str = "reference"
    merge: str = "concat"

    def __str__(self) -> str:
        parts = [self.variant, self.direction, self.wiring, self.engine]
        return "-".join(parts if self.merge == "concat" else [*parts, self.merge])

    def spec(self, **changes: Any) -> StackSpec:
        options = {
            "cell": VARIANTS[self.variant],
            "hidden_size": HIDDEN,
            "num_layers": LAYERS,
            "direction": self.direction,
            "merge": self.merge,
            "wiring": SMALL.get(self.wiring, self.wiring),
            "engine": self.engine,
        }
        return StackSpec(**(options | changes))

    def stack(self, **changes: Any) -> Stack:
        """The stack in float64 and evaluation, with the same random parameters every time."""
        return randomised(self.spec(**changes).build(INPUT).double()).eval()


RECTIFIED = re.compile(r"wirings\.\d+\.k")
"""Parameters that shut a layer off below 0, so that nothing of it would be seen."""


def randomised(stack: Stack) -> Stack:
    """The stack with random parameters, so that biases and initial states differ from zero."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in stack.named_parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
            if RECTIFIED.fullmatch(name):
                parameter.abs_()
    return stack


THOROUGH = ("elman", "gru", "lstm")
"""The cells that meet each direction together with each wiring; what is around a cell knows none of them."""


def composes(case: Case) -> bool:
    """Whether there is such a stack: a highway between cell states has a cell and directions of its own."""
    return case.wiring != "cell_highway" or (
        cell_of(case) in ("lstm", "highway_lstm")
        and case.direction != "bidirectional"
        and case.engine in engines("highway_lstm(below=True)")
    )


def product(
    directions: Sequence[str] = DIRECTIONS, wirings: Sequence[str] | None = None, engine: str | None = None
) -> list[Case]:
    """Every cell variant x engine that does not refuse it x direction x wiring, where these compose."""
    return [
        Case(variant, direction, wiring, name)
        for variant in VARIANTS
        for name in engines(variant)
        for direction in directions
        for wiring in wirings or WIRINGS.names()
        if engine in (None, name) and composes(Case(variant, direction, wiring, name))
    ]


STRUCTURES = (*THOROUGH, "layernorm_lstm", "lru", "mgu", "peephole_lstm", "sru", "own_clocked", "own_mgu")
STRUCTURES += ("gla", "mlstm", "deltanet")
"""Cells with a structure of their own: row sums, complex states, products in a row, matrices, odd widths."""


def has_structure(variant: str) -> bool:
    """Whether it is a variant of one of these."""
    return variant.partition("(")[0] in STRUCTURES


def is_usual(variant: str) -> bool:
    """Whether a variant meets every test: of a cell with a structure of its own, or any with its defaults."""
    return has_structure(variant) or "(" not in variant


USUAL = [variant for variant in VARIANTS if is_usual(variant)]


def pairs(case: Case, wirings_meet: Sequence[str] = ("cell", "engine")) -> set[tuple[str, str]]:
    """What meets what in a case: the variant its engine, its cell and its wiring what is around them.

    A wiring and a cell see nothing of one another but a tensor: thorough cells alone meet every wiring, and
    each other cell a few, which the exhaustive battery completes. To an engine a wiring is nothing at all.
    """
    cell, found = cell_of(case), {("variant " + case.variant, case.engine)}
    found |= {(cell, case.direction), (cell, case.engine), (case.direction, case.engine)}
    found |= {(case.direction, case.wiring)}
    if "cell" in wirings_meet and cell in THOROUGH:
        found |= {(cell, case.wiring)}
    return found | ({(case.wiring, case.engine)} if "engine" in wirings_meet else set())


def covering(cases: Sequence[Case], wirings_meet: Sequence[str] = ("cell", "engine")) -> list[Case]:
    """A few of the cases, in which whatever two things meet in any of them meet; see `pairs`."""
    met = {case: pairs(case, wirings_meet) for case in cases}
    groups: dict[str, list[Case]] = {}
    for case in sorted(cases, key=_mixed):  # so that the wirings of a cell are others than those of the next
        groups.setdefault(cell_of(case), []).append(case)
    found = []
    # cell by cell, for what a cell meets is met in its own cases only; then what is around them
    for cell, group in groups.items():
        own = {pair for case in group for pair in met[case] if pair[0] in (cell, f"variant {case.variant}")}
        found += _greedy(group, met, own)
    rest = set().union(*met.values()) - set().union(*(met[case] for case in found))
    return found + _greedy(cases, met, rest)


def _greedy(
    cases: Sequence[Case], met: dict[Case, set[tuple[str, str]]], missing: set[tuple[str, str]]
) -> list[Case]:
    """Cases in which all of these pairs meet, each time the one with the most of those that are left."""
    found = []
    while missing:
        best = max(cases, key=lambda case: len(met[case] & missing))
        found.append(best)
        missing = missing - met[best]
    return found


def _mixed(case: Case) -> int:
    """A number by which cases are sorted in no order that means anything, the same every time."""
    return crc32(str(case).encode())


def cell_of(case: Case) -> str:
    """The name of its cell."""
    return case.variant.partition("(")[0]


def sampled(cases: Sequence[Case], by_engine: bool = False) -> list[Case]:
    """Cells with a structure of their own as `covering` has them; of each other cell one case.

    That is one on the engine that is taken by itself, in a direction and wiring that differ from cell to
    cell; or, by engine, one for each variant on each engine. What is around a cell knows nothing of it, and
    an engine nothing of cells: `EACH_ORACLE` and `EACH_FAST` say that all agree with the oracle and the loop.
    """
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        if not has_structure(case.variant) and (by_engine or is_usual(case.variant)):
            groups.setdefault((case.variant, case.engine if by_engine else ""), []).append(case)
    found = []
    for (variant, _), group in groups.items():
        preferred = [case for case in group if case.engine == engines(variant)[0]] or group
        chosen = group if by_engine else preferred
        found.append(chosen[_mixed(chosen[0]) % len(chosen)])
    structured = [case for case in cases if has_structure(case.variant)]
    return covering(structured, ["engine"] if by_engine else []) + found


def is_thorough(case: Case) -> bool:
    """Whether a case belongs to the exhaustive battery.

    Thorough cells on the reference loop: all. Thorough cells on other engines, and other cells as they come
    on the reference loop: each direction and each wiring. The rest: both directions at once.
    """
    if case.variant in THOROUGH and case.engine == "reference":
        return True
    if case.variant in THOROUGH or (case.engine == "reference" and "(" not in case.variant):
        return case.wiring == "plain" or case.direction == "bidirectional"
    return (case.direction, case.wiring) == ("bidirectional", "plain")


def each(cases: Sequence[Case], few: Sequence[Case] | None = None) -> pytest.MarkDecorator:
    """Runs a test for a few cases that cover them all, and for the rest where that is asked for."""
    few = covering(cases) if few is None else few
    chosen = set(few)
    rest = [case for case in cases if is_thorough(case) and case not in chosen]
    return pytest.mark.parametrize(
        "case",
        [pytest.param(case, id=str(case)) for case in few]
        + [pytest.param(case, id=str(case), marks=pytest.mark.exhaustive) for case in rest],
    )


def each_sampled(cases: Sequence[Case], by_engine: bool = False) -> pytest.MarkDecorator:
    """`each`, thinned further by `sampled`."""
    return each(cases, sampled(cases, by_engine))


EACH_ORACLE = each(product(engine="reference"))
EACH_COMPOSITION = each_sampled(product(engine="reference"))
EACH_FAST = each_sampled([case for case in product() if case.engine != "reference"], by_engine=True)
EACH_CAUSAL = each_sampled(product(["forward"]))
EACH_ENGINE = each_sampled(product(["forward", "bidirectional"], ["plain"]))
EACH_PLAIN_ENGINE = each_sampled(
    [case for case in product(["forward", "bidirectional"], ["plain"]) if "(" not in case.variant]
)
EACH_RELATION = each_sampled(product())
EACH_MERGE = each(
    merged := [
        Case(variant, "bidirectional", "residual", engine, merge)
        for variant in THOROUGH
        for engine in engines(variant)
        for merge in MERGES
    ],
    merged,
)


def random_x(batch: int = BATCH, time: int = TIME, seed: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, time, INPUT, dtype=torch.float64, generator=generator)


def random_deltas(batch: int = BATCH, time: int = TIME) -> Tensor:
    """Times from next to nothing to more than a step."""
    generator = torch.Generator().manual_seed(4)
    return 0.1 + 1.9 * torch.rand(batch, time, dtype=torch.float64, generator=generator)


def random_state(stack: Stack, batch: int = BATCH) -> Any:
    """A state before the first step that is nowhere zero."""
    generator = torch.Generator().manual_seed(3)

    def draw(part: Tensor) -> Tensor:
        return torch.randn(part.shape, dtype=part.dtype, generator=generator)

    return map_state(draw, stack.initial_state(batch))


def padded(x: Tensor, lengths: Tensor, filling: float) -> Tensor:
    """x (B, T, I) with its padding filled."""
    steps = torch.arange(x.shape[1])
    return torch.where((steps < lengths[:, None]).unsqueeze(-1), x, filling)


def tensors(state: Any) -> list[Tensor]:
    """The tensors of a stack state, in a fixed order."""
    if isinstance(state, Tensor):
        return [state]
    return [tensor for part in state for tensor in tensors(part)]


def row_of(state: Any, b: int) -> Any:
    """The state of sequence b alone, as a batch of one."""
    return map_state(lambda part: part[b : b + 1], state)


@dataclass(frozen=True)
class Found:
    """What a run gave: outputs, final states, and the gradients of a fixed random sum of both."""

    outputs: Tensor
    final: list[Tensor]
    gradients: dict[str, Tensor]


def evaluate(
    stack: Stack,
    x: Tensor,
    state: Any = None,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    deltas: Tensor | None = None,
) -> Found:
    """Runs the stack and takes the gradients for x, deltas, the initial state and all parameters."""
    x = x.clone().requires_grad_()
    deltas = None if deltas is None else deltas.clone().requires_grad_()
    state = None if state is None else map_state(lambda part: part.clone().requires_grad_(), state)
    outputs, final = stack(x, state, lengths, resets, deltas)
    finals = tensors(final)
    sources = {"x": x} if deltas is None else {"x": x, "deltas": deltas}
    sources |= {} if state is None else {f"state {k}": s for k, s in enumerate(tensors(state))}
    sources |= dict(stack.named_parameters())
    gradients = weighted_gradients([outputs, *finals], list(sources.values()))
    return Found(
        outputs.detach(), [part.detach() for part in finals], dict(zip(sources, gradients, strict=True))
    )


def weights_of_sum(part: Tensor) -> Tensor:
    """Fixed weights that differ from entry to entry and depend on its indices alone, not on the shape."""
    angle = torch.zeros((), dtype=torch.float64)
    for size, factor in zip(part.shape, (1.0, 1.7, 2.3), strict=False):
        angle = angle.unsqueeze(-1) + factor * torch.arange(size, dtype=torch.float64)
    return torch.cos(angle).to(part.dtype)


def weighted_gradients(values: list[Tensor], sources: list[Tensor]) -> list[Tensor]:
    """The gradients of a fixed weighted sum of the values; 0 for a source that they do not depend on.

    Parameters that are not trained have 0, too.
    """
    loss = sum((value * weights_of_sum(value)).sum() for value in values)
    wanted = [source for source in sources if source.requires_grad]
    found = iter(
        torch.autograd.grad(loss, wanted, retain_graph=True, allow_unused=True, materialize_grads=True)
    )
    return [next(found) if source.requires_grad else torch.zeros_like(source) for source in sources]


def assert_close(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    """Compares two tensors, two lists or dicts of them, or two `Found`."""
    if isinstance(found, Found):
        found, expected = vars(found), vars(expected)
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


def assert_identical(found: Any, expected: Any) -> None:
    """Compares to the bit."""
    assert_close(found, expected, 0.0)
