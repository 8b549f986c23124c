"""From a command line to a recipe that holds no mistake that can be seen without running it.

Lightning, which takes seconds to import, is imported only after that.
"""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import let_in
from zoo.cli.recipes.check import SECTIONS, check
from zoo.cli.recipes.imports import import_modules
from zoo.cli.recipes.recipe import RecipeInputs


def run(command: str, arguments: Sequence[str], allowed: Sequence[str]) -> int:
    """Runs fit, validate, test, predict or inspect.

    Args:
        command: One of these.
        arguments: What follows it on the command line.
        allowed: Modules of the user that recipes may name.

    Returns:
        The exit code.

    Raises:
        UserError: says what is wrong, before any data is read.
    """
    import_modules(allowed)
    let_in(allowed)
    inputs = _with_recipe(RecipeInputs.of(arguments))
    try:
        if not inputs.asks_for_help:
            check(inputs, [name for name in SECTIONS if name != "batches" or command == "inspect"])
    except (UserError, LookupError) as error:
        path = inputs.checkpoint
        needed = [name for name in _modules_of(path) if name not in allowed] if path else []
        if not needed:
            raise
        line = shlex.join(["zoo", command, *(f"--allow-import={name}" for name in needed), *arguments])
        raise UserError(
            f"the checkpoint {path} is of a run with parts of {', '.join(needed)}, which only the command "
            f"line can let in: {line}"
        ) from error
    from zoo.cli.run.session import run as run_session  # Lightning, which a misspelt name need not wait for

    return run_session(command, inputs, allowed)


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
