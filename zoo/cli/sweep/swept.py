"""`zoo sweep`: takes trials until there are as many as asked for, and says what they come to."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.callbacks.say import say
from zoo.cli.compare.checking import Look, SeenVariant
from zoo.cli.compare.comparison_folder import differences, plain
from zoo.cli.compare.scheduling import work_on
from zoo.cli.errors import FailedError, UserError, of_disk
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.sweep.best import write_best
from zoo.cli.sweep.looking import SpaceLook, check_metric, measure_of
from zoo.cli.sweep.plan import STUDY, Plan
from zoo.cli.sweep.space import Space
from zoo.cli.sweep.study import SharedStudy
from zoo.cli.sweep.trial_run import TrialRun
from zoo.comparison.measure import Measure
from zoo.sweep.trial import SweepTrial
from zoo.sweep.write import CSV, PAGE, Found

SEED = 1
"""Of recipes that give none."""


def sweep_recipe(given: argparse.Namespace, inputs: RecipeInputs, space: Space, let_in: Sequence[str]) -> int:
    """Takes trials of a study until there are as many as asked for.

    Args:
        given: The command's own arguments.
        inputs: The recipe, and options for all trials.
        space: What varies, checked.
        let_in: Modules of the user that recipes may name.

    Returns:
        The exit code: 0, and 1 where no trial has come to its end.

    Raises:
        UserError: says what is wrong, before anything is trained.
        SystemExit: it was told to stop.
    """
    plan, seen = looked_at(given, inputs, space, let_in)
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the folder of the search cannot be made: {of_disk(error)}") from error
    study = SharedStudy(plan)
    _check(study, seen)
    before = [trial for trial in study.trials() if trial.outcome != "open"]
    say("sweep", f"{plan.folder}: {len(before)} of {plan.trials} trials are done")
    try:
        work_on(study.take, given.jobs, lambda one, code: _note(study, one, code))
    finally:
        study.leave()
        _say_left(study)
    return _tell(study)


def looked_at(
    given: argparse.Namespace, inputs: RecipeInputs, space: Space, let_in: Sequence[str]
) -> tuple[Plan, SeenVariant]:
    """The search, and what is known of its trials once it was built; raises as `sweep_recipe`."""
    folder = folder_of(given, inputs)
    check_metric(given.metric)
    seed = inputs.merged.get("seed_everything")
    seed = seed if isinstance(seed, int) and not isinstance(seed, bool) else SEED
    look = SpaceLook(space, inputs, Look("sweep", seed, let_in))
    is_begun = (folder / STUDY).is_file()  # with a space that is compared with this one
    seen = look.at_first() if is_begun else look.at_each_value()
    plan = Plan(
        folder=folder,
        inputs=inputs,
        space=space,
        measure=measure_of(given.metric, given.goal, seen),
        seed=seed,
        trials=given.trials,
        warmup=None if given.no_pruning else given.warmup,
        modules=let_in,
    )
    return plan, seen


def folder_of(given: argparse.Namespace, inputs: RecipeInputs) -> Path:
    """Where everything is kept: runs/sweep-NAME.

    Raises:
        UserError: the name is none.
    """
    name = given.name or inputs.files[-1].stem
    if Path(name).name != name:
        raise UserError(f"--name is {name!r}; expected a name without / in it")
    root = dict(inputs.options).get("trainer.default_root_dir")
    return Path(root or ".") / "runs" / f"sweep-{name}"


def _check(study: SharedStudy, seen: SeenVariant) -> None:
    """Refuses to add trials of another recipe, space, metric or data to those that there are.

    Raises:
        UserError: says what has changed.
    """
    plan, kept = study.plan, study.kept()
    new: dict[str, Any] = {
        "recipe": plain(plan.inputs.merged),
        "space": [repr(dimension) for dimension in plan.space.dimensions],
        "fixed": plain(plan.space.fixed),
        "metric": [plan.measure.name, plan.measure.sign],
        "data": seen.data,
    }
    changed = next(iter(differences({key: kept.get(key, new[key]) for key in new}, new)), None)
    if changed is not None:
        raise UserError(
            f"{plan.folder} has trials in which {changed}; expected the same command, --name NAME for "
            f"another search, or that folder removed to begin anew"
        )
    study.keep({key: value for key, value in new.items() if key not in kept})


def _note(study: SharedStudy, one: TrialRun, code: int) -> None:
    """Tells the study, and people, how a trial has ended."""
    study.ended(one, code)
    trials = study.trials()
    trial = next(each for each in trials if each.number == one.number)
    if trial.outcome == "open":
        return
    _found(study, {}).write_table(study.plan.folder)
    ended = sum(each.outcome != "open" for each in trials)
    of = f"({ended} of {max(study.plan.trials, len(trials))})"
    say(trial.outcome, f"{one.name}  {_brief(trial, study.plan.measure)}  {of}")


def _brief(trial: SweepTrial, measure: Measure) -> str:
    if trial.error:
        return trial.error
    value = "" if trial.value is None else f"{measure.name} {trial.value:.4g}"
    epochs = f"at epoch {trial.epochs}" if trial.outcome == "pruned" else ""
    seconds = "" if trial.seconds is None else f"{trial.seconds:.1f} s"
    return "  ".join(filter(None, (value, epochs, seconds)))


def _found(study: SharedStudy, importances: Mapping[str, float]) -> Found:
    scales = [dimension.scale for dimension in study.plan.space.dimensions]
    return Found(trials=study.trials(), scales=scales, measure=study.plan.measure, importances=importances)


def _say_left(study: SharedStudy) -> None:
    trials = study.trials()
    left = max(study.plan.trials, len(trials)) - sum(trial.outcome != "open" for trial in trials)
    if left:
        what = "1 trial is" if left == 1 else f"{left} trials are"
        say("sweep", f"{what} left; the same command goes on with {study.plan.folder / STUDY}")


def _tell(study: SharedStudy) -> int:
    """Prints what the trials come to, writes it, and returns the exit code."""
    found, plan = _found(study, study.importances()), study.plan
    for line in found.told():
        print(line, flush=True)
    try:
        best = write_best(plan, found.order[0]) if found.order else None
        found.write(plan.folder, best)
    except OSError as error:
        raise FailedError(f"what was found cannot be written: {of_disk(error)}") from error
    say("table", str(plan.folder / CSV))
    say("page", str(plan.folder / PAGE))
    if best is not None:
        say("best", f"zoo fit --config {best}")
    return 0 if found.order else 1
