"""Which engine runs a recurrence: the one that is asked for, or the one that `auto` takes."""

from collections.abc import Sequence

from torch import Tensor

from zoo.engines.base import ChosenEngine, warn_once
from zoo.engines.recurrence import Lack, Recurrence, Refusal, Sequences, State
from zoo.engines.table import ENGINES, engine_name

PREFERENCE = {"cpu": ("c", "native", "scan", "chunkwise", "eager", "reference")}
"""Type of device -> the engines there, from the one `auto` likes best to the one that always works.

On the CPU our C takes as long as torch's LSTM kernel, and a quarter of the time of its GRU and tanh kernels
at H = 64 (`zoo bench lstm gru elman`); it also runs both directions at once, and resets cost it nothing."""

ELSEWHERE = ("native", "scan", "chunkwise", "eager", "reference")
"""The same for all other devices."""


def pick(name: str, recurrence: Recurrence, device: str = "cpu") -> ChosenEngine:
    """The engine to use on a device of this type, and why.

    Args:
        name: "auto" or the name of an engine.
        recurrence: What is to be run.
        device: Type of the device, such as "cpu" or "cuda".

    Raises:
        ValueError: the named engine cannot run this recurrence.
    """
    if name != "auto":
        name = engine_name(name)
        try:
            return ChosenEngine(name, "asked for", ENGINES[name].prepare(recurrence, device))
        except Refusal as reason:
            message = f"engine {name!r} cannot run this: {reason}; use engine 'auto' or 'reference'"
            raise ValueError(message) from None
    refusals: list[str] = []
    lacks: list[str] = []
    for key in PREFERENCE.get(device, ELSEWHERE):
        try:
            run = ENGINES[key].prepare(recurrence, device)
        except Refusal as reason:
            refusals.append(f"{key} cannot, for {reason}")
            if isinstance(reason, Lack):
                lacks += refusals[-1:]
        else:
            # of the loop one wants to know why not the engine before it, which asks for least
            why_not = [*lacks, *(refusals[-1:] if key == "reference" else [])]
            for lack in lacks:
                warn_once(f"engine {lack}; until then 'auto' takes another, which may be slower")
            return ChosenEngine(key, "; ".join([ENGINES[key].reason, *why_not]), run)
    raise AssertionError("the reference loop runs every cell")


def run_all(
    choices: Sequence[ChosenEngine], runs: Sequence[tuple[Recurrence, Sequences]]
) -> list[tuple[Tensor, State]]:
    """Runs the directions of a layer: together where one prepared run serves them all."""
    first = choices[0].run
    # one object where the directions have the same program, see `c_run`
    if all(choice.run is first for choice in choices):
        return first.together(runs)
    return [choice.run(*run) for choice, run in zip(choices, runs, strict=True)]
