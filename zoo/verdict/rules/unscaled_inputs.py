"""A feature of the data is far larger, far smaller or far more shifted than a network's weights expect."""

import math
from collections.abc import Iterator

from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told

SHIFTED = 10.0
"""A mean of so many deviations leaves little to see of what changes."""


def _look(m: Measurements, most: float) -> Iterator[Told]:
    if m.data is None:
        return
    columns = list(zip(m.data.means, m.data.deviations, strict=True))
    is_small = all(math.hypot(*column) < 1 / most**2 for column in columns)  # one alone may be a rare event
    wrong = [
        at for at, column in enumerate(columns) if column[1] > 0 and (is_small or _is_wrong(*column, most))
    ]
    if wrong:
        worst = max(wrong, key=lambda at: abs(math.log(math.hypot(*columns[at]))))
        mean, spread = columns[worst]
        yield (
            f"{len(wrong)} of the {len(columns)} columns of x are not scaled: column {worst} has a mean of "
            f"{brief(mean)} and a deviation of {brief(spread)}, where 0 and 1 are expected. Divide by the "
            f"deviation of the training data, less its mean.",
            (),
        )


def _is_wrong(mean: float, spread: float, most: float) -> bool:
    """Whether a column is too large or shifted."""
    is_shifted = abs(mean) > SHIFTED * spread and abs(mean) > 1
    return math.hypot(mean, spread) > most or is_shifted


RULE = Rule(
    name="inputs not scaled",
    place=2,
    threshold=20.0,
    severity="problem",
    cause="data",
    sure="likely",
    source="LeCun et al., 1998, Efficient BackProp: inputs of mean 0 and equal, moderate variance",
    look=_look,
)
