"""`zoo compare RECIPE ...`: makes the runs that are left, and says what all of them come to."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo.callbacks.say import say
from zoo.cli.compare.checking import SeenVariant, look_at
from zoo.cli.compare.comparison_folder import ComparisonFolder, unfinished
from zoo.cli.compare.scheduling import work
from zoo.cli.compare.seed_run import SeedRun
from zoo.cli.compare.told import tell
from zoo.cli.compare.variants import Axis, Variant
from zoo.cli.errors import UserError
from zoo.cli.recipes.check import SEEDS
from zoo.cli.recipes.recipe import Option
from zoo.comparison.trial import Trial, read_trial
from zoo.comparison.write import CSV, write_trials
from zoo.registry import unknown


def compare_recipes(given: argparse.Namespace, found: Sequence[Variant], modules: Sequence[str]) -> int:
    """Makes the runs that are left, and says what all of them come to.

    Args:
        given: The command's own arguments.
        found: The variants, checked.
        modules: Modules of the user that recipes may name.

    Returns:
        The exit code: 0, and 1 where no run has come to its end.

    Raises:
        UserError: says what is wrong, before anything is trained.
        SystemExit: it was told to stop.
    """
    seeds = seeds_of(given.seeds)
    names = [variant.name for variant in found]
    if given.against is not None and given.against not in names:
        raise UserError(unknown("variant", given.against, names))
    if given.output is not None:
        raise UserError("--output is for finished runs; expected --name, which names the folder of these")
    seen = look_at(found, seeds[0], modules)
    folder = ComparisonFolder.claim(_path(given, found[0].inputs.options))
    runs = [SeedRun(variant, seed, folder.of(variant, seed), modules) for seed in seeds for variant in found]
    try:
        folder.check(found, seen)
        _work(folder, runs, seen, given)
    finally:
        folder.leave(len(unfinished(runs, folder.trials())))
    trials = _in_order(folder, found, seeds)
    tell(trials, given.metric, given.against, folder.path)
    return 0 if any(not trial.error for trial in trials) else 1


def _work(
    folder: ComparisonFolder, runs: Sequence[SeedRun], seen: dict[str, SeenVariant], given: argparse.Namespace
) -> None:
    """Makes the runs that are left, and notes each that has ended."""
    done = folder.trials()
    if given.retry:
        done = {key: trial for key, trial in done.items() if not trial.error}
    left = unfinished(runs, done)
    for one in left:
        if one.key in folder.trials():  # it has failed, and is to begin anew
            one.forget()
    say("compare", f"{folder.path}: {len(runs) - len(left)} of {len(runs)} runs are done")
    total, ended = len(runs), len(runs) - len(left)

    def note(one: SeedRun, code: int) -> None:
        nonlocal ended
        ended += 1
        trial = _noted(one, code, seen[one.variant.name])
        folder.add(trial)
        write_trials(list(folder.trials().values()), folder.path / CSV)
        say("failed" if trial.error else "done", f"{one.name}: {_brief(trial)}  ({ended} of {total})")

    work(left, given.jobs, note)


def _noted(one: SeedRun, code: int, seen: SeenVariant) -> Trial:
    trial = read_trial(one.variant.name, one.seed, one.newest)
    return replace(trial, error=one.error(code) or trial.error, encoder_parameters=seen.encoder_parameters)


def _brief(trial: Trial) -> str:
    """A run in a line."""
    if trial.error:
        return trial.error
    results = [f"{name} {value:.4g}" for name, value in trial.metrics.items() if name.startswith("test/")]
    seconds = [] if trial.seconds is None else [f"{trial.seconds:.1f} s"]
    return "  ".join([*(results or ["nothing was tested"]), *seconds])


def _in_order(folder: ComparisonFolder, found: Sequence[Variant], seeds: Sequence[int]) -> list[Trial]:
    done = folder.trials()
    return [done[variant.name, seed] for variant in found for seed in seeds if (variant.name, seed) in done]


def _path(given: argparse.Namespace, options: Sequence[Option]) -> Path:
    root = next((value for key, value in reversed(options) if key == "trainer.default_root_dir"), None)
    varied = [Axis.of(text).path.rpartition(".")[2] for text in given.over]
    stems = [Path(recipe).stem for recipe in given.what]
    name = given.name or "-".join([*stems, *varied])
    if Path(name).name != name:
        raise UserError(f"--name is {name!r}; expected a name without / in it")
    return Path(root or ".") / "runs" / f"compare-{name}"


def seeds_of(text: Any) -> list[int]:
    """The seeds of `--seeds`: from 1 to a number, or those of a list.

    Raises:
        UserError: it is neither, or has one twice.
    """
    parts = [part.strip() for part in str(text).split(",")]
    if not all(part.isdecimal() and int(part) < SEEDS for part in parts):
        raise UserError(f"--seeds is {text!r}; expected how many there are, such as 3, or a list: 4,7,9")
    seeds = [int(part) for part in parts]
    if len(parts) > 1:
        if len(set(seeds)) < len(seeds):
            raise UserError(f"--seeds is {text}; expected each seed once")
        return seeds
    if seeds[0] < 1:
        raise UserError(f"--seeds is {text}; expected at least 1")
    return list(range(1, seeds[0] + 1))
