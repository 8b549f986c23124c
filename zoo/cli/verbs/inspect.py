"""`zoo inspect`: what the gradients of a recipe's first batches say."""

from collections.abc import Sequence
from typing import final

from zoo.cli.recipes.check import SECTIONS
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.verbs.base import register_verb
from zoo.cli.verbs.trainer import RecipeVerb


@final
@register_verb("inspect")
class Inspect(RecipeVerb):
    """Look at the gradients of a few batches, train copies briefly, and say what to try; --try tries it."""

    job = "zoo.cli.run.inspect:InspectJob"
    sections = (*SECTIONS, "batches", "probe", "probe_seconds", "try", "steps", "epochs", "seeds", "jobs")

    def run(self, arguments: Sequence[str], allowed: Sequence[str]) -> int:
        return super().run([{"--try": "--try=true"}.get(word, word) for word in arguments], allowed)

    def _start(self, inputs: RecipeInputs, allowed: Sequence[str]) -> int:
        if not inputs.merged.get("try") or inputs.shown:
            return super()._start(inputs, allowed)
        from zoo.cli.compare.tried import try_advice  # Lightning, which a misspelt name need not wait for

        return try_advice(inputs, allowed)
