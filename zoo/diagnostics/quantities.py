"""The table of what is measured in a run: each quantity's key, words and unit, and where it is measured."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal, final

Scale = Literal["log", "share", ""]
Where = Literal["run", "layer", "direction", "gate", "stage"]

OPTIMIZER = "/optimizer_"
"""What comes before the number of an optimiser, behind the keys of a run that has several."""


@final
class Quantity(Enum):
    """A number that callbacks or tasks log, and that verdict, report and pictures read: one line here.

    Attributes:
        key: How its metrics end, behind the place where it was measured.
        title: What it is, in words.
        unit: What an axis is called on which it stands.
        scale: Of such an axis: logarithmic, from 0 to 1, or as it comes ("").
        where: Of what it is measured: the whole run, a layer, a direction of one, a gate, or the answers at a
            stage such as "val".
    """

    STATE_NORM = "state_norm", "norm of the state", "‖h‖", "log", "direction"
    SATURATED = "saturated", "saturated activations", "share of activations", "share", "gate"
    DEAD_UNITS = "dead_units", "dead units", "share of units", "share", "direction"
    MEAN = "mean", "mean of the gate", "mean", "", "gate"
    HORIZON = "horizon", "horizon of the gate", "steps", "log", "direction"
    UPDATE_RATIO = "update_ratio", "update ÷ weight", "‖Δw‖ / ‖w‖", "log", "layer", "gate"
    REACH = "gradient_reach", "how far back the gradient reaches", "steps", "log", "direction"
    SPECTRAL_RADIUS = (
        "spectral_radius",
        "spectral radius of the recurrent weight",
        "largest |eigenvalue|",
        "",
        "gate",
    )
    SINGULAR_VALUE = (
        "largest_singular_value",
        "largest singular value of the recurrent weight",
        "singular value",
        "",
        "gate",
    )
    BEYOND_1 = "gradient_beyond_1", "gradient from more than 1 steps back", "share", "share", "direction"
    BEYOND_4 = "gradient_beyond_4", "gradient from more than 4 steps back", "share", "share", "direction"
    BEYOND_16 = "gradient_beyond_16", "gradient from more than 16 steps back", "share", "share", "direction"
    NORM_BEFORE = "gradient/norm_before", "norm of the gradient before clipping", "norm", "log", "run"
    NORM_AFTER = "gradient/norm_after", "norm of the gradient after clipping", "norm", "log", "run"
    COEFFICIENT = (
        "gradient/coefficient",
        "factor of clipping",
        "factor",
        "",
        "run",
        "layer",
    )
    CLIPPED = "gradient/clipped", "share of steps that were clipped", "share", "share", "run"
    NONFINITE = "gradient/nonfinite", "steps with NaN or infinity", "steps", "", "run"
    SCALER_SKIPPED = "gradient/scaler_skipped", "steps skipped by the gradient scaler", "steps", "", "run"
    SKIPPED = "guard/skipped", "updates left out by the guard", "updates", "", "run"
    ROLLBACKS = "guard/rollbacks", "rollbacks of the guard", "rollbacks", "", "run"
    SAID_MOST = "said_most", "the class that is said most", "share of answers", "share", "stage"
    MAJORITY = "majority", "the class that is most frequent", "share of the truth", "share", "stage"
    EMPTY = "empty_answers", "answers that are empty", "share of answers", "share", "stage"
    ALIKE = "alike_answers", "the wrong answer that is given most", "share of answers", "share", "stage"
    CUT = "cut_answers", "answers that end at the limit", "share of answers", "share", "stage"
    SPREAD = "attention_spread", "entropy of attention", "share of the most", "share", "stage"
    ONE_PLACE = "attention_on_one_place", "attention on one place", "share of the weight", "share", "stage"

    def __init__(self, key: str, title: str, unit: str, scale: Scale, *where: Where) -> None:
        self.key, self.title, self.unit, self.scale, self.where = key, title, unit, scale, where

    def at(self, place: str = "", optimizer: int | None = None) -> str:
        """The key under which it is logged.

        Args:
            place: Such as "layer_1/forward/f"; "" for the whole run.
            optimizer: The index of the optimiser that it is of, where there are several.
        """
        return f"{place}/{self.key}".lstrip("/") + ("" if optimizer is None else f"{OPTIMIZER}{optimizer}")


@final
@dataclass(frozen=True)
class Metric:
    """What the key of a metric says.

    Attributes:
        place: "layer_1/forward/f"; "" for the whole run.
        quantity: What was measured there.
        optimizer: "1" where it is of the second of several optimisers, else "".
    """

    place: str
    quantity: Quantity
    optimizer: str = ""

    @classmethod
    def of(cls, key: str) -> "Metric | None":
        """The metric of a key, None where that is none of the table's, such as a loss."""
        path, _, optimizer = key.partition(OPTIMIZER)
        for quantity in Quantity:
            of_run = path == quantity.key and "run" in quantity.where
            if of_run or path.endswith(f"/{quantity.key}"):
                return cls(path.removesuffix(quantity.key).rstrip("/"), quantity, optimizer)
        return None
