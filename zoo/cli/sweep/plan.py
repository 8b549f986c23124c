"""What a search is, in plain data that processes can be given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from zoo.cli.compare.variants import Variant
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.sweep.space import Space
from zoo.comparison.measure import Measure

STUDY = "study.db"


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """A search.

    Attributes:
        folder: Where everything is kept.
        inputs: The recipe, and options for all trials.
        space: What varies.
        measure: What it is to make better.
        seed: Of each trial, and what chooses them begins with it.
        trials: How many there are to be.
        warmup: Epochs of a trial before which it is not stopped; None never stops one.
        modules: Modules of the user that recipes may name.
    """

    folder: Path
    inputs: RecipeInputs
    space: Space
    measure: Measure
    seed: int
    trials: int
    warmup: int | None
    modules: Sequence[str]

    @property
    def name(self) -> str:
        """Of the recipe."""
        return self.inputs.files[-1].stem

    def variant(self, number: int, chosen: Mapping[str, Any]) -> Variant:
        """What a trial trains."""
        options = [*self.inputs.options, *self.space.options(chosen)]
        return Variant(f"trial {number}", replace(self.inputs, options=options))
