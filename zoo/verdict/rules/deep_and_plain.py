"""Many layers, none of which a signal can go past, and with connections past them it learns faster."""

from collections.abc import Iterator

from zoo.verdict.advice import past_the_layers
from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, least: float) -> Iterator[Told]:
    found, advice = m.learning, past_the_layers(m)
    if found is None or m.network.num_layers < least:
        return
    for line in advice:
        if found.helps(line):
            yield (
                f"{m.network.num_layers} layers learn slowly as they are connected: in {found.steps} steps "
                f"the loss falls to {brief(found.end)}, and with {line} to {brief(found.trials[line])}.",
                (line,),
            )


RULE = Rule(
    name="deep without a way past",
    place=25,
    threshold=6,
    severity="problem",
    cause="depth",
    sure="likely",
    source="He et al., 2016, https://arxiv.org/abs/1512.03385; Wu et al., 2016, https://arxiv.org/abs/1609.08144",
    look=_look,
)
