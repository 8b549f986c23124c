"""`zoo inspect`: what the gradients of a recipe's first batches say."""

from typing import final

from zoo.cli.recipes.check import SECTIONS
from zoo.cli.verbs.base import register_verb
from zoo.cli.verbs.trainer import RecipeVerb


@final
@register_verb("inspect")
class Inspect(RecipeVerb):
    """Look at the gradients of a few batches, train copies briefly, and say what to try."""

    job = "zoo.cli.run.inspect:InspectJob"
    sections = (*SECTIONS, "batches", "probe")
