"""What is said and drawn of forecasts."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from torch import Tensor

from zoo.tasks.answers import Curves, Record

PARTS = ("forecast", "lower", "upper")
"""What is forecast of a value, and the bounds of its interval."""
TRUE = "true"
"""What a value was."""
BASELINES = {"last_value": "the last value", "seasonal_naive": "the seasonal naive forecast"}
"""Forecasts that need no training, in words."""


def by_part(numbers: Tensor, names: Sequence[str], parts: Sequence[str]) -> list[Record]:
    """Forecasts (B, H, K, P) by what each number is, and of which variable where there are several."""
    alone = len(names) == 1
    return [
        {
            part if alone else f"{part}_{name}": row[:, k, place].tolist()
            for k, name in enumerate(names)
            for place, part in enumerate(parts)
        }
        for row in numbers
    ]


def compared(errors: Mapping[str, float]) -> tuple[bool, str]:
    """Whether forecasts were better than all that needs no training, and a sentence that says so.

    Args:
        errors: The mean squared errors, `mse` and `mse_last_value` and so on.
    """
    own = errors["mse"]
    others = {words: errors[f"mse_{name}"] for name, words in BASELINES.items() if f"mse_{name}" in errors}
    better = [words for words, error in others.items() if own < error]
    said = ", ".join(f"{error:.4g} of {words}" for words, error in others.items())
    worse = [words for words in others if words not in better]
    if not worse:
        return True, f"the forecasts are better than {' and '.join(better)}: mse {own:.4g}, against {said}"
    return False, (
        f"the forecasts are NOT better than {' and '.join(worse)}: mse {own:.4g}, against {said}; these need "
        f"no training, so use them, or change the model"
    )


def drawn(
    past: Float[Tensor, "B T"], truth: Float[Tensor, "B H"], predicted: Float[Tensor, "B H parts"]
) -> list[Curves]:
    """Lines of the past, of the truth and of what was forecast, over steps of which 0 is the last known."""
    before = [float(step) for step in range(1 - past.shape[1], 1)]
    ahead = [float(step) for step in range(1, 1 + truth.shape[1])]
    names = PARTS[: predicted.shape[2]]
    return [
        {"past": (before, known), "truth": (ahead, came)}
        | {name: (ahead, said[:, k].tolist()) for k, name in enumerate(names)}
        for known, came, said in zip(past.tolist(), truth.tolist(), predicted, strict=True)
    ]
