"""From a command line to a recipe that holds no mistake that can be seen without running it.

Lightning, which takes seconds to import, is imported only after that.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from zoo.cli.errors import LAST, UserError
from zoo.cli.recipes.allowlist import let_in
from zoo.cli.recipes.check import SECTIONS, check
from zoo.cli.recipes.imports import import_modules
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.recipes.resolve import resolve_argument


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
    try:
        resolved = _with_recipe(_resolved(arguments))
        inputs = RecipeInputs.of(resolved)
        if not any(argument.endswith(("help", "-h")) or ".help" in argument for argument in resolved):
            check(inputs, [name for name in SECTIONS if name != "batches" or command == "inspect"])
    except (UserError, LookupError) as error:
        path = _checkpoint_in(arguments)
        needed = [name for name in _modules_of(path) if name not in allowed] if path else []
        if not needed:
            raise
        line = shlex.join(["zoo", command, *(f"--allow-import={name}" for name in needed), *arguments])
        raise UserError(
            f"the checkpoint {path} is of a run with parts of {', '.join(needed)}, which only the command "
            f"line can let in: {line}"
        ) from error
    from zoo.cli.run.session import run as run_session  # Lightning, which a misspelt name need not wait for

    return run_session(command, inputs, resolved, allowed)


def _resolved(arguments: Sequence[str]) -> list[str]:
    """The arguments with import paths in place of names."""
    resolved: list[str] = []
    option = ""
    for argument in arguments:
        if option and not argument.startswith("--"):
            resolved.append(resolve_argument(option, argument))
            option = ""
            continue
        option, equals, value = argument.partition("=")
        option = {"-c": "--config"}.get(option, option)
        if not option.startswith("--"):
            resolved.append(argument)
            option = ""
        elif equals:
            resolved.append(f"{option}={resolve_argument(option, value)}")
            option = ""
        else:
            resolved.append(option)
    return resolved


def _checkpoint_in(arguments: Sequence[str]) -> str | None:
    """The checkpoint's file that the arguments name."""
    options = dict(zip(arguments, [*arguments[1:], ""], strict=False))
    split = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    path = split.get("--ckpt_path") or options.get("--ckpt_path")
    return None if path in (None, "", LAST) else path


def _modules_of(path: str) -> list[str]:
    """The modules that were let in when a checkpoint was written; none of them is imported."""
    from zoo.cli.run.checkpoints import read_checkpoint  # torch, which only this mistake waits for

    try:
        return list(read_checkpoint(path).get("zoo", {}).get("modules", ()))
    except UserError:
        return []


def _with_recipe(arguments: list[str]) -> list[str]:
    """The arguments; where they name a checkpoint and no model, with the recipe of the checkpoint's run."""
    path = _checkpoint_in(arguments)
    if path is None or any(argument.startswith(("--config", "--model")) for argument in arguments):
        return arguments
    recipe = Path(path).parent.parent / "config.yaml"
    return ["--config", str(recipe), *arguments] if recipe.is_file() else arguments
