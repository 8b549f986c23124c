"""A composition under several engines, beside torch's layers, other libraries and the floor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from zoo.bench.contender import Contender, engines_of, yardsticks
from zoo.bench.memory import peak_memory
from zoo.bench.peers import find_peer, peer_refusal
from zoo.bench.setting import Setting, Shape
from zoo.bench.timing import Timing, interleaved
from zoo.bench.work import Work, prime
from zoo.registry import check_positive
from zoo.stack import StackSpec

Timer: TypeAlias = Callable[[Mapping[str, Work], int, Callable[[], None]], dict[str, Timing]]
RAGGED = " with lengths"
ALONE = " on one thread"


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is compared, and how carefully.

    Attributes:
        engines: Names of engines; none for "auto" and every engine that can run the stack.
        against: Other libraries.
        lengths: Whether each is also timed over sequences of random lengths.
        one_thread: Whether each is also timed on one thread.
        memory: Whether the peak memory of each is measured.
        repeats: Samples of each; the best one counts.
        timer: What times.
        meter: What measures memory.
    """

    engines: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    lengths: bool = False
    one_thread: bool = False
    memory: bool = True
    repeats: int = 10
    timer: Timer = interleaved
    meter: Callable[[Contender], int | None] = peak_memory

    def __post_init__(self) -> None:
        check_positive("repeats", self.repeats)
        for name in self.against:
            find_peer(name)


@final
@dataclass(frozen=True, kw_only=True)
class Row:
    """One contender of one comparison.

    Attributes:
        composition: Name of the stack.
        contender: Who was timed.
        timing: A training step or forward run, or one moment of a stream.
        torch_layer: What the torch layers are called.
        to_torch: Seconds over those of the torch layers.
        to_floor: Seconds over those of the products alone; None for a stream.
        ragged: Seconds with random lengths over those without; None where not timed.
        to_one_thread: Seconds over those on one thread; None where not timed.
    """

    composition: str
    contender: Contender
    timing: Timing
    torch_layer: str
    to_torch: float
    to_floor: float | None
    ragged: float | None
    to_one_thread: float | None

    @property
    def tokens_per_second(self) -> float:
        """Steps of all sequences in a second."""
        shape = self.contender.shape
        streaming = self.contender.setting.mode == "streaming"
        return (shape.batch_size if streaming else shape.tokens) / self.timing.seconds


def compare(composition: str, spec: StackSpec, shape: Shape, setting: Setting, plan: Plan) -> list[Row]:
    """Times a stack under each engine, torch's layers of its shape, other libraries, and the floor, in turns.

    Raises:
        ValueError: an engine is unknown, or cannot run the stack.
    """
    contenders = _contenders(spec, shape, setting, plan)
    prime(setting)
    works = {each.label: each.work() for each in (*contenders, *_variants(contenders, plan))}
    timings = plan.timer(works, plan.repeats, setting.settle)
    per = shape.steps if setting.mode == "streaming" else 1
    seconds = {label: timing.seconds / per for label, timing in timings.items()}
    del works
    torch = next(each.label for each in contenders if each.kind == "torch")
    floor = next((each.label for each in contenders if each.kind == "floor"), None)
    return [
        Row(
            composition=composition,
            contender=each,
            timing=Timing(
                seconds=seconds[each.label],
                first=timings[each.label].first,
                memory=plan.meter(each) if plan.memory and each.kind != "floor" else None,
            ),
            torch_layer=torch,
            to_torch=seconds[each.label] / seconds[torch],
            to_floor=seconds[each.label] / seconds[floor] if floor is not None else None,
            ragged=seconds[each.label + RAGGED] / seconds[each.label]
            if each.label + RAGGED in seconds
            else None,
            to_one_thread=seconds[each.label] / seconds[each.label + ALONE]
            if each.label + ALONE in seconds
            else None,
        )
        for each in contenders
    ]


def _variants(contenders: Sequence[Contender], plan: Plan) -> list[Contender]:
    """Engines and torch's layers once more, as far as the plan asks: with lengths, on one thread."""
    able = [each for each in contenders if each.kind in ("engine", "torch")]
    ragged = [replace(each, ragged=True, label=each.label + RAGGED) for each in able if plan.lengths]
    alone = [replace(each, threads=1, label=each.label + ALONE) for each in able if plan.one_thread]
    return ragged + alone


def check(spec: StackSpec, shape: Shape, setting: Setting, plan: Plan) -> None:
    """Checks that all of a plan can be done with a stack, before anything is timed.

    Raises:
        ValueError: an engine is unknown or cannot run the stack, or the stack cannot stream.
    """
    engines_of(spec, shape, setting, plan.engines)


def _contenders(spec: StackSpec, shape: Shape, setting: Setting, plan: Plan) -> list[Contender]:
    """All who take part, without those of random lengths."""
    peers = [
        Contender(kind="peer", label=name, spec=spec, shape=shape, setting=setting)
        for name in plan.against
        if peer_refusal(name, spec) is None
    ]
    engines = engines_of(spec, shape, setting, plan.engines)
    return [*engines, *peers, *yardsticks(spec, shape, setting)]


def measure(
    spec: StackSpec, shape: Shape, engine: str = "auto", setting: Setting | None = None, repeats: int = 10
) -> Timing:
    """How long a training step of a stack takes, and what memory it needs.

    Args:
        spec: The stack.
        shape: Of the batch; its width is not used.
        engine: "auto" or the name of an engine.
        setting: Where and in which mode; by default a training step in float32 on the CPU.
        repeats: Samples; the best one counts.

    Raises:
        ValueError: the engine is unknown, or cannot run the stack.
    """
    setting = Setting() if setting is None else setting
    (contender,) = engines_of(spec, shape, setting, (engine,))
    prime(setting)
    timing = interleaved({"": contender.work()}, repeats, setting.settle)[""]
    per = shape.steps if setting.mode == "streaming" else 1
    return replace(timing, seconds=timing.seconds / per, memory=peak_memory(contender))
