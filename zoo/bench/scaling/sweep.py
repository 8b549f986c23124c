"""Times a training step while one size grows and all others stay."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from zoo.bench.comparison import Plan
from zoo.bench.contender import Contender, engines_of, yardsticks
from zoo.bench.setting import Setting, Shape
from zoo.bench.work import prime
from zoo.names import is_stack_name, parse_stack
from zoo.stack import StackSpec

BASE = Shape.parse("64x32x128")
"""What stays, with one layer."""
AXES: Mapping[str, tuple[int, ...]] = {
    "T": (16, 32, 64, 128, 256, 512, 1024),
    "B": (2, 4, 8, 16, 32, 64, 128, 256),
    "H": (16, 32, 64, 128, 256, 512),
    "L": (1, 2, 4, 8, 16),
}
"""What grows, and through which sizes; L is the number of layers, and the input is as wide as they are."""
COSTS = (
    *("elman", "lstm", "gru", "mgu", "janet", "ligru", "peephole_lstm", "ugrnn", "rhn"),
    *("nested_lstm", "mogrifier_lstm", "layernorm_lstm", "nas", "indrnn", "sru", "qrnn", "mingru"),
    *("minlstm", "lru", "hgrn", "rg_lru", "mlstm", "gated_deltanet"),
)
"""Cells whose cost is compared."""
CELL = "cell"
"""The axis of points that differ in their cell alone."""


@final
@dataclass(frozen=True, kw_only=True)
class Point:
    """One contender at one size.

    Attributes:
        axis: What grows: a key of `AXES`, or `CELL`.
        value: How large it is.
        composition: The cell, with its direction and options.
        contender: Who was timed.
        seconds: Of a training step.
        memory: Bytes at its peak; None where not measured.
    """

    axis: str
    value: int
    composition: str
    contender: Contender
    seconds: float
    memory: int | None

    @property
    def line(self) -> str:
        """Whose curve this is a point of."""
        if self.contender.kind == "torch":
            return self.contender.label
        return f"{self.composition}, products only" if self.contender.kind == "floor" else self.composition


def grown(composition: str, shape: Shape, layers: int) -> StackSpec:
    """The stack of a cell such as "bi-gru,cell.reset=before", with so many layers of the shape's width.

    Raises:
        ValueError: it is no cell, or has sizes already.
        UnknownNameError: there is no such cell.
    """
    core, comma, options = composition.partition(",")
    whole = f"{core}-{layers}x{shape.width}{comma}{options}"
    if is_stack_name(composition) or not is_stack_name(whole):
        raise ValueError(
            f"--scaling varies width and depth of {composition!r}; expected a cell, such as 'gru' or 'bi-gru'"
        )
    return parse_stack(whole)


def sizes(axis: str, value: int, base: Shape) -> tuple[Shape, int]:
    """The shape and the number of layers where one size is `value`."""
    match axis:
        case "T":
            return replace(base, steps=value), 1
        case "B":
            return replace(base, batch_size=value), 1
        case "H":
            return replace(base, input_size=value, width=value), 1
        case _:
            return base, value


def upper(axis: str) -> tuple[int, ...]:
    """The upper half of an axis, in which exponents are fitted: three sizes at least."""
    return AXES[axis][-max(len(AXES[axis]) // 2, 3) :]


def sweep(composition: str, base: Shape, setting: Setting, plan: Plan) -> Iterator[list[Point]]:
    """Times a cell along all axes, size by size; memory in the upper halves.

    Raises:
        ValueError: the composition has sizes of its own, or the plan's engine cannot run it.
    """
    for axis, values in AXES.items():
        for value in values:
            shape, layers = sizes(axis, value, base)
            spec = grown(composition, shape, layers)
            part = replace(plan, memory=plan.memory and value in upper(axis))
            yield _points(axis, value, composition, taking_part(spec, shape, setting, plan), part)


def checked(names: Sequence[str], base: Shape, setting: Setting, plan: Plan) -> None:
    """Checks that all can be done, before anything is timed.

    Raises:
        ValueError: a composition has sizes of its own, or the plan's engine cannot run it.
        UnknownNameError: there is no such cell.
    """
    for name in names:
        engines_of(grown(name, base, 1), base, setting, plan.engines)


def costs(names: Sequence[str], base: Shape, setting: Setting, plan: Plan) -> Iterator[list[Point]]:
    """Times cells at one size."""
    for name in names:
        spec = grown(name, base, 1)
        contenders = [
            each for each in taking_part(spec, base, setting, plan) if name == "lstm" or each.kind != "torch"
        ]
        yield _points(CELL, 1, name, contenders, replace(plan, memory=False))


def taking_part(spec: StackSpec, shape: Shape, setting: Setting, plan: Plan) -> list[Contender]:
    """The stack under its engine, torch's layer where it has one of that cell, and the floor."""
    has_twin = all(cell.torch_equivalent() is not None for cell in spec.build(shape.input_size).cells())
    others = yardsticks(spec, shape, setting)
    engines = engines_of(spec, shape, setting, plan.engines or ("auto",))
    return [*engines, *(each for each in others if has_twin or each.kind != "torch")]


def _points(
    axis: str, value: int, composition: str, contenders: Iterable[Contender], plan: Plan
) -> list[Point]:
    """All contenders at one size, timed in turns."""
    contenders = list(contenders)
    setting = contenders[0].setting
    prime(setting)
    timings = plan.timer({each.label: each.work() for each in contenders}, plan.repeats, setting.settle)
    return [
        Point(
            axis=axis,
            value=value,
            composition=composition,
            contender=each,
            seconds=timings[each.label].seconds,
            memory=plan.meter(each) if plan.memory and each.kind != "floor" else None,
        )
        for each in contenders
    ]
