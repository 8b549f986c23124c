"""Runs that somebody has made, as variants and seeds: runs of a variant differ in nothing but the seed."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from zoo.comparison.trial import Trial, read_trial
from zoo.runs.folders import find_run, names
from zoo.runs.metrics_file import METRICS, read_text

SEED = "seed_everything"


def finished(paths: Sequence[Path]) -> list[Trial]:
    """What the runs in these folders say.

    Args:
        paths: Folders of runs; of a folder of versions all that have measured something.

    Raises:
        ValueError: a folder holds no run, or a run is named twice.
    """
    folders = [folder for path in paths for folder in _runs_in(path)]
    where = [folder.resolve() for folder in folders]
    twice = [str(folder) for place, folder in enumerate(folders) if where[place] in where[:place]]
    if twice:
        raise ValueError(f"the run {twice[0]!r} is named twice; expected different runs")
    recipes = [_recipe(folder) for folder in folders]
    keys = [_key(recipe) for recipe in recipes]
    first = dict(reversed(list(zip(keys, folders, strict=True))))
    called = dict(zip(dict.fromkeys(keys), _names([first[key] for key in dict.fromkeys(keys)]), strict=True))
    found: dict[tuple[str, int | None], Trial] = {}
    for key, recipe, folder in zip(keys, recipes, folders, strict=True):
        trial = read_trial(called[key], _seed(recipe), folder)
        place = (trial.variant, trial.seed)
        if place in found and trial.seed is not None and not _is_newer(folder, Path(found[place].folder)):
            raise ValueError(
                f"{found[place].folder} and {folder} are of one recipe and seed; expected one of them"
            )
        found[place if trial.seed is not None else (str(folder), None)] = trial
    return list(found.values())


def _key(recipe: dict[str, Any]) -> str:
    """What is the same for all runs of a variant."""
    return json.dumps({**recipe, SEED: None}, sort_keys=True, default=str)


def _is_newer(folder: Path, other: Path) -> bool:
    """Whether a run is another version of one, which it goes on from or takes the place of."""
    return folder.parent.resolve() == other.parent.resolve()


def _runs_in(path: Path) -> Iterator[Path]:
    versions = sorted(path.glob("version_*"), key=lambda each: (len(each.name), each.name))
    measured = [version for version in versions if (version / METRICS).is_file()]
    if (path / METRICS).is_file() or not measured:
        yield find_run(path)
    else:
        yield from measured


def _names(folders: Sequence[Path]) -> list[str]:
    """What variants are called, by the first run of each; runs of a comparison by their variant."""
    seeds = [folder.resolve().parent for folder in folders]
    if all(seed.name.startswith("seed_") for seed in seeds):
        return [seed.parent.name for seed in seeds]
    return names(folders)


def _recipe(folder: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(read_text(folder / "config.yaml"))
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _seed(recipe: dict[str, Any]) -> int | None:
    seed = recipe.get(SEED)
    return seed if isinstance(seed, int) and not isinstance(seed, bool) else None
