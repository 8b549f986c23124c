"""The file of a sweep of Weights & Biases, whose agents run `zoo fit` with the zoo's own options."""

import argparse
import shlex
from collections.abc import Sequence
from typing import Any

import yaml

from zoo.callbacks.say import say
from zoo.cli.errors import UserError, of_disk
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.sweep.plan import Plan
from zoo.cli.sweep.space import Space, for_wandb
from zoo.cli.sweep.swept import looked_at
from zoo.runs.atomic_file import atomic_file

FILE = "wandb_sweep.yaml"
LOGGER = ("trainer.logger", "WandbLogger")
ETA = 3
"""Hyperband keeps one of so many trials at each of its brackets, as W&B does where nothing is said."""


def write_for_wandb(
    given: argparse.Namespace, inputs: RecipeInputs, space: Space, let_in: Sequence[str]
) -> int:
    """Writes the file, and says with which commands W&B takes it and runs trials.

    Args:
        given: The command's own arguments.
        inputs: The recipe, and options for all trials.
        space: What varies, checked.
        let_in: Modules of the user that recipes may name.

    Returns:
        The exit code.

    Raises:
        UserError: the search cannot be, or its file cannot be written.
    """
    plan, _ = looked_at(given, inputs, space, let_in)
    path = plan.folder / FILE
    text = yaml.safe_dump(sweep_of(plan), sort_keys=False, allow_unicode=True)
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UserError(f"the file of the sweep cannot be written: {of_disk(error)}") from error
    say("written", str(path))
    say("register", f"wandb sweep {shlex.quote(str(path))}")
    say("run", "wandb agent ENTITY/PROJECT/SWEEP_ID, as that command prints it; in several terminals at will")
    return 0


def sweep_of(plan: Plan) -> dict[str, Any]:
    """What the file holds: W&B's own keys, with the zoo's options as its parameters."""
    varied = {dimension.key: dimension.for_wandb() for dimension in plan.space.dimensions}
    fixed = {key: {"value": for_wandb(text or "")} for key, text in plan.space.fixed}
    goal = "maximize" if plan.measure.sign > 0 else "minimize"
    told: dict[str, Any] = {
        "name": plan.folder.name,
        "program": "zoo",
        "method": "bayes",
        "metric": {"name": plan.measure.name, "goal": goal},
        "run_cap": plan.trials,
    }
    if plan.warmup is not None:
        told["early_terminate"] = {"type": "hyperband", "min_iter": plan.warmup, "eta": ETA}
    return {**told, "command": _command(plan), "parameters": {**fixed, **varied}}


def _command(plan: Plan) -> list[str]:
    """What an agent runs; W&B puts the options of a trial in the place of `${args}`."""
    files = [word for file in plan.inputs.files for word in ("--config", str(file))]
    allowed = [f"--allow-import={name}" for name in plan.modules]
    logs = () if _has_logger(plan.inputs) else (LOGGER,)
    options = [f"--{key}={text}" for key, text in (*plan.inputs.options, *logs)]
    return ["${env}", "zoo", "fit", *files, *allowed, "--test_after_fit=false", *options, "${args}"]


def _has_logger(inputs: RecipeInputs) -> bool:
    """Whether the recipe tells W&B by itself."""
    return LOGGER[1] in str((inputs.merged.get("trainer") or {}).get("logger"))
