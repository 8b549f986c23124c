"""The forget gate starts shut, so that nothing is kept."""

from collections.abc import Iterator

from zoo.verdict.advice import forgetting
from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told, worst_way


def _look(m: Measurements, most: float) -> Iterator[Told]:
    if not m.network.forgetting or m.network.forget_bias >= 0:
        return
    shut = {way: gates["f"].mean for way, gates in m.gates.items() if "f" in gates and gates["f"].mean < most}
    for way, _ in worst_way(shut, min):
        yield (
            f"The bias of the forget gate starts at {brief(m.network.forget_bias)}: {shut[way]:.1%} of the "
            f"state is kept from one step to the next.",
            forgetting(m, 1.0),
        )


RULE = Rule(
    name="forget gate starts shut",
    place=9,
    threshold=0.15,
    severity="problem",
    cause="start",
    sure="likely",
    source="Jozefowicz et al., 2015, https://proceedings.mlr.press/v37/jozefowicz15.html",
    look=_look,
)
