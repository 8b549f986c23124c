"""The recipe of the best trial, as a file that `zoo fit --config` takes."""

import math
from pathlib import Path

import yaml

from zoo.cli.recipes.check import without_places
from zoo.cli.recipes.resolve import named
from zoo.cli.sweep.plan import Plan
from zoo.pictures.wording import number
from zoo.runs.atomic_file import atomic_file
from zoo.sweep.trial import SweepTrial


def write_best(plan: Plan, best: SweepTrial) -> Path:
    """Writes the recipe of a trial, with its seed, and returns the file.

    Raises:
        OSError: it cannot be written.
    """
    inputs = plan.variant(best.number, best.chosen).with_seed(plan.seed)
    recipe = {key: named(value) for key, value in inputs.merged.items()}
    if "trainer" in recipe:
        recipe["trainer"] = without_places(recipe["trainer"])
    value = number(math.nan if best.value is None else best.value)
    found = f"trial {best.number} of {plan.name}, {plan.measure.name} {value} at its best epoch"
    text = yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True)
    path = plan.folder / f"{plan.name}_best.yaml"
    with atomic_file(path) as file:
        file.write(f"# Found by zoo sweep: {found}.\n{text}".encode())
    return path
