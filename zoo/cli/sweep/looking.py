"""Builds what a search may come to, once for each value, before the first trial."""

from collections.abc import Sequence
from typing import final

from zoo.cli.compare.checking import Look, SeenVariant
from zoo.cli.compare.variants import Variant
from zoo.cli.errors import UserError
from zoo.cli.recipes.recipe import Option, RecipeInputs
from zoo.cli.sweep.space import Dimension, Space
from zoo.comparison.measure import Measure
from zoo.registry import nearest

GOALS = {"maximize": 1, "minimize": -1}
STAGE = "val/"


@final
class SpaceLook:
    """Looks at a space.

    Args:
        space: What varies.
        inputs: The recipe, and options for all trials.
        look: What builds.
    """

    def __init__(self, space: Space, inputs: RecipeInputs, look: Look) -> None:
        self.space, self.inputs, self.look = space, inputs, look

    def at_first(self) -> SeenVariant:
        """Builds the first value of each option, where all were built before; raises as `at_each_value`."""
        first = self.space.dimensions[0]
        return self._at(first, first.probes[0], 0)

    def at_each_value(self) -> SeenVariant:
        """Builds each value of each option, together with the first values of the others.

        Where that cannot be, their last ones are tried: dropout may need more than the one layer that is the
        least. What still cannot be together is a trial that fails, and says so.

        Returns:
            What is known of the last that was built.

        Raises:
            UserError: a value cannot be built; says which, and why.
        """
        seen = SeenVariant("", None)
        for dimension in self.space.dimensions:
            for value in dimension.probes:
                try:
                    seen = self._at(dimension, value, 0)
                except UserError as error:
                    try:
                        seen = self._at(dimension, value, -1)
                    except UserError:
                        raise error from None
        return seen

    def _at(self, dimension: Dimension, value: str, end: int) -> SeenVariant:
        others: Sequence[Option] = [
            (other.key, other.probes[end]) for other in self.space.dimensions if other is not dimension
        ]
        options = [*self.inputs.options, *self.space.fixed, *others, (dimension.key, value)]
        inputs = RecipeInputs(self.inputs.files, options)
        return self.look.at(Variant(f"{dimension.path}={value}", inputs))


def check_metric(metric: str) -> None:
    """Refuses what is not measured in validation.

    Raises:
        UserError: it is of another stage.
    """
    if metric.startswith(("test/", "train/")):
        raise UserError(
            f"--metric is {metric}, and a search goes by validation; expected one such as val/loss"
        )


def measure_of(metric: str, goal: str | None, seen: SeenVariant) -> Measure:
    """What a search is to make better.

    Args:
        metric: As the user wrote it, with or without val/.
        goal: "maximize" or "minimize"; None is what the metric's name says.
        seen: A trial that has been built.

    Raises:
        UserError: no trial would measure it, or nothing says which end of it is better.
    """
    name = STAGE + metric.removeprefix(STAGE)
    known = [STAGE + each for each in seen.metrics]
    if known and name not in known:
        hint = nearest(name, known) or ";"
        raise UserError(
            f"--metric is {metric}, which the task does not measure{hint} Known: {', '.join(known)}"
        )
    sign = Measure.of(name).sign if goal is None else GOALS[goal]
    if sign == 0:
        raise UserError(
            f"--metric is {metric}, and nothing says which end of it is better; expected --goal, too"
        )
    return Measure(name, sign)
