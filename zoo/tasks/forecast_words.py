"""What is said of forecasts beside those that need no training."""

from collections.abc import Mapping

BASELINES = {"last_value": "the last value", "seasonal_naive": "the seasonal naive forecast"}
"""Forecasts that need no training, in words."""


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
