"""`zoo fit`, `validate`, `test` and `predict`: what a Trainer does with a recipe.

Lightning, which takes seconds to import, is imported only for a recipe that holds no mistake that can be seen
without running it.
"""

import importlib
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, final

from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import import_modules, let_in
from zoo.cli.recipes.check import SECTIONS, check
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.verbs.base import Arguments, Verb, register_verb

OF_PARTS = ("model", "data", "trainer")
"""Sections whose options are those of what stands there."""


class RecipeVerb(Verb):
    """A verb that is given a recipe: files, and any value of them as an option.

    Attributes:
        job: `module:Class` of what Lightning does with it, which is imported once the recipe is right.
        sections: The top-level keys that a recipe may have.
    """

    job: ClassVar[str]
    sections: ClassVar[Sequence[str]] = SECTIONS
    takes_recipe = True

    def parser(self) -> Arguments:
        parser = Arguments(self.name, "[--config RECIPE] [--OPTION VALUE ...]")
        for section in self.sections:
            if section not in OF_PARTS:
                parser.add_argument(f"--{section}")
        return parser

    def run(self, arguments: Sequence[str], allowed: Sequence[str]) -> int:
        import_modules(allowed)
        let_in(allowed)
        inputs = _with_recipe(self._with_checkpoint(RecipeInputs.of(arguments)))
        try:
            if not inputs.asks_for_help:
                check(inputs, self.sections)
        except (UserError, LookupError) as error:
            path = inputs.checkpoint
            needed = [name for name in _modules_of(path) if name not in allowed] if path else []
            if not needed:
                raise
            let = [f"--allow-import={name}" for name in needed]
            raise UserError(
                f"the checkpoint {path} is of a run with parts of {', '.join(needed)}, which only the "
                f"command line can let in: {shlex.join(['zoo', self.name, *let, *arguments])}"
            ) from error
        return self._start(inputs, allowed)

    def _with_checkpoint(self, inputs: RecipeInputs) -> RecipeInputs:
        """What was given, with the best checkpoint of a run in place of the run's folder."""
        path = inputs.checkpoint
        if path is None or not Path(path).is_dir():
            return inputs
        from zoo.runs.folders import checkpoint_in  # numpy, which only this waits for

        try:
            found = checkpoint_in(Path(path))
        except ValueError as error:
            raise UserError(f"--ckpt_path: {error}") from error
        if self.name == "fit":
            raise UserError(f"{path} is a folder; expected a checkpoint to go on from, such as {found}")
        return replace(inputs, options=[*inputs.options, ("ckpt_path", str(found))])

    def _start(self, inputs: RecipeInputs, allowed: Sequence[str]) -> int:
        """Does the job with a recipe that is right, and returns the exit code."""
        from zoo.cli.run.session import run  # Lightning, which a misspelt name need not wait for

        module, _, name = self.job.partition(":")
        return run(vars(importlib.import_module(module))[name](), inputs, allowed)


@final
@register_verb("fit")
class Fit(RecipeVerb):
    """Train a model, then test the best checkpoint; with --folds, for each fold of the data."""

    job = "zoo.cli.run.fit:FitJob"
    sections = (*SECTIONS, "folds", "launcher")

    def _start(self, inputs: RecipeInputs, allowed: Sequence[str]) -> int:
        asked = {key for key in ("folds", "launcher") if inputs.merged.get(key) is not None}
        if not asked or inputs.shown:
            return super()._start(inputs, allowed)
        if "launcher" in asked:
            from zoo.cli.run.by_ray import fit_by_ray  # as above

            return fit_by_ray(inputs, allowed)
        from zoo.cli.run.folds import cross_validate  # as above

        return cross_validate(inputs, allowed)


@final
@register_verb("validate")
class Validate(RecipeVerb):
    """Validate a checkpoint."""

    job = "zoo.cli.run.measure:ValidateJob"


@final
@register_verb("test")
class Test(RecipeVerb):
    """Test a checkpoint."""

    job = "zoo.cli.run.measure:TestJob"


@final
@register_verb("predict")
class Predict(RecipeVerb):
    """Write the predictions of a checkpoint, in words."""

    job = "zoo.cli.run.predict:PredictJob"
    sections = (*SECTIONS, "output")


@final
@register_verb("evaluate")
class Evaluate(RecipeVerb):
    """Show what a checkpoint gets wrong: by class, by length, the worst."""

    job = "zoo.cli.run.evaluate:EvaluateJob"


def _modules_of(path: str) -> list[str]:
    """The modules that were let in when a checkpoint was written; none of them is imported."""
    from zoo.cli.run.checkpoints import read_checkpoint  # torch, which only this mistake waits for

    try:
        return list(read_checkpoint(path).get("zoo", {}).get("modules", ()))
    except UserError:
        return []


def _with_recipe(inputs: RecipeInputs) -> RecipeInputs:
    """What was given; where that is a checkpoint and no model, with the recipe of the checkpoint's run."""
    path = inputs.checkpoint
    if path is None or inputs.files or any(key.startswith("model") for key, _ in inputs.options):
        return inputs
    recipe = Path(path).parent.parent / "config.yaml"
    return replace(inputs, files=[recipe]) if recipe.is_file() else inputs
