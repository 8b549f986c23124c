"""Who takes part in a comparison: a stack under an engine, torch's layers, another library's, the floor."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, final

from zoo.bench.floor import floor_work
from zoo.bench.layers import layers_work, torch_name
from zoo.bench.peers import peer_work
from zoo.bench.setting import Setting, Shape
from zoo.bench.work import Work, on_threads, stack_work
from zoo.engines import ENGINES, engine_name, pick
from zoo.registry import check_choice
from zoo.stack import Stack, StackSpec

FLOOR = "products only"
STREAM = "stack.stream"


@final
@dataclass(frozen=True, kw_only=True)
class Contender:
    """One who is timed.

    Attributes:
        kind: What it is.
        label: What a table calls it: the engine, the torch layer, the library.
        spec: The stack, or the one whose shape it takes.
        shape: Of the batch.
        setting: Where and in which mode.
        ragged: Whether the sequences have random lengths.
        threads: Of torch; None for as many as there are.
    """

    kind: Literal["engine", "torch", "peer", "floor"]
    label: str
    spec: StackSpec
    shape: Shape
    setting: Setting
    ragged: bool = False
    threads: int | None = None

    def work(self) -> Work:
        """What it does when it is timed."""
        return self._all() if self.threads is None else on_threads(self.threads, self._all())

    def _all(self) -> Work:
        """The same, with as many threads as there are."""
        if self.kind == "peer":
            return peer_work(self.label, self.spec, self.shape, self.setting)
        stack = built(self.spec, self.shape, self.setting)
        if self.kind == "torch":
            return layers_work(stack, self.shape, self.setting, self.ragged)
        if self.kind == "floor":
            return floor_work(stack, self.shape, self.setting)
        return stack_work(stack, self.shape, self.setting, self.ragged)

    def plain(self) -> dict[str, Any]:
        """This contender as plain data; `from_plain` gives it back."""
        return {
            **vars(self),
            "spec": self.spec.plain(),
            "shape": asdict(self.shape),
            "setting": self.setting.plain(),
        }

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Contender":
        """The contender whose plain form this is."""
        made = {
            "spec": StackSpec.of(values["spec"]),
            "shape": Shape(**values["shape"]),
            "setting": Setting.from_plain(values["setting"]),
        }
        return cls(**{**values, **made})


def built(spec: StackSpec, shape: Shape, setting: Setting) -> Stack:
    """The stack, where and of the type that the setting says."""
    return spec.build(shape.input_size).to(**setting.place)


def engines_of(spec: StackSpec, shape: Shape, setting: Setting, names: tuple[str, ...]) -> list[Contender]:
    """The stack under each engine; what "auto" picks is one with the engine of that name.

    Args:
        spec: The stack.
        shape: Of the batch.
        setting: Where it runs.
        names: Engines, "auto" among them or not; none for the one that the stack names, or else
            "auto" and every engine that can.

    Raises:
        ValueError: an engine is unknown, or cannot run a cell of the stack.
    """
    stack = built(replace(spec, engine="auto"), shape, setting)
    if setting.mode == "streaming":
        if not stack.is_causal:
            raise ValueError(f"a stack with direction {spec.direction!r} cannot stream; expected 'forward'")
        return [Contender(kind="engine", label=STREAM, spec=stack.spec, shape=shape, setting=setting)]
    names = tuple(map(engine_name, names)) or ((spec.engine,) if spec.engine != "auto" else ())
    for name in names:
        check_choice("engine", name, ["auto", *ENGINES])
        if name != "auto" and (reason := stack_refusal(name, stack)) is not None:
            cells = "+".join(dict.fromkeys(cell.key for cell in stack.cells()))
            able = ", ".join(each for each in ENGINES if stack_refusal(each, stack) is None)
            raise ValueError(f"engine {name!r} cannot run {cells}: {reason}; expected one of auto, {able}")
    wanted = names or ("auto", *(name for name in ENGINES if stack_refusal(name, stack) is None))
    picked = "+".join(dict.fromkeys(pick("auto", way.recurrence()).name for way in stack.ways()))
    auto = picked if picked in ENGINES else "auto"
    engines = dict.fromkeys(auto if name == "auto" else name for name in wanted)
    return [
        Contender(
            kind="engine",
            label=f"{picked} (auto)" if engine == auto and "auto" in wanted else engine,
            spec=StackSpec.of({**spec.plain(), "engine": engine}),
            shape=shape,
            setting=setting,
        )
        for engine in engines
    ]


def stack_refusal(engine: str, stack: Stack) -> str | None:
    """Why an engine cannot run a stack, or None where it can."""
    reasons = (ENGINES[engine].refusal(way.recurrence()) for way in stack.ways())
    return next((reason for reason in reasons if reason is not None), None)


def yardsticks(spec: StackSpec, shape: Shape, setting: Setting) -> list[Contender]:
    """What a stack is compared with: torch's layers, and the floor, which a stream has none of."""
    streaming = setting.mode == "streaming"
    name = torch_name(built(replace(spec, engine="auto"), shape, setting), streaming)
    torch = Contender(kind="torch", label=name, spec=spec, shape=shape, setting=setting)
    return [torch] if streaming else [torch, replace(torch, kind="floor", label=FLOOR)]
