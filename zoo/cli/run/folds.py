"""`zoo fit --folds K`: a model for each fold of the data, trained on all others and tested on that one."""

import inspect
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, final

from lightning.pytorch.cli import LightningArgumentParser

from zoo.callbacks.say import say
from zoo.cli.errors import UserError
from zoo.cli.recipes.recipe import LAST, RecipeInputs
from zoo.cli.run.fit import add_folds, check_writable, finish_fit
from zoo.cli.run.fold_folder import FoldFolder
from zoo.cli.run.folder import runs_of
from zoo.cli.run.job import BuiltRun, Job
from zoo.cli.run.session import run
from zoo.data import DATA
from zoo.data.base import SequenceData
from zoo.data.batches.fingerprint import fingerprint
from zoo.data.batches.splits import Split
from zoo.runs.fold_table import lines

GIVEN = {"folds": None, "fold": 0}
"""Options of the data that are given for each fold, and what stands in a recipe that does not give them."""

PARTS: tuple[Split, ...] = ("train", "val", "test")


@final
class FoldJob(Job):
    """Trains on all folds but one, and tests on that one.

    Args:
        runs: Where the folder of the run is made; None is the usual place.
        ahead: Folds to come, whose data is read before this one is trained.
        check: Refuses data by the fingerprint of its fold 0; None takes any.

    Attributes:
        metrics: What the test measured.
    """

    name, method, folder, goes_on = "fit", "fit", "version", True
    on_one_device = True
    why_one_device = (
        "--folds trains fold after fold in one process, on one device; several devices take each fold by "
        "itself, with --data.folds and --data.fold"
    )

    def __init__(
        self,
        runs: Path | None,
        ahead: Sequence[int] = (),
        check: Callable[[str], None] | None = None,
    ) -> None:
        self.runs, self.ahead, self.check = runs, ahead, check
        self.metrics: Mapping[str, float] = {}

    def add_arguments(self, parser: LightningArgumentParser) -> None:
        add_folds(parser)

    def do(self, run: BuiltRun) -> None:
        """Trains, or goes on training, and tests.

        Raises:
            UserError: checkpoints cannot be written, the data has changed, or nothing can be tested.
            ValueError: the data of a fold to come is malformed.
        """
        check_writable(run.trainer, run.folder)
        look_ahead(run, self.ahead, self.check)
        run.trainer.fit(**run.options, weights_only=True)
        self.metrics = finish_fit(run.trainer, run.model, run.data, run.folder)
        if not self.metrics:
            raise UserError("--folds measures each fold by its test, and there was nothing to test")


def look_ahead(run: BuiltRun, ahead: Sequence[int], check: Callable[[str], None] | None = None) -> None:
    """Reads the data of folds to come, so that what is wrong in one is said before any is trained.

    Args:
        run: The run that is about to begin.
        ahead: The folds to come.
        check: Refuses data by the fingerprint of its fold 0.

    Raises:
        UserError: the data is refused.
        ValueError: something is wrong, such as a tag of the test part that is not in the training part.
    """
    if not isinstance(run.data, SequenceData):
        return
    spoken = logging.getLogger("zoo")
    level = spoken.level
    spoken.setLevel(logging.WARNING)  # what is told of the data is told when it is read for good
    try:
        if check is not None:
            first = _read(run, 0)
            check(fingerprint(first.dataset(split) for split in PARTS))
        for number in ahead:
            _read(run, number)
    finally:
        spoken.setLevel(level)


def _read(run: BuiltRun, number: int) -> SequenceData:
    """The data of a fold, read anew."""
    assert isinstance(run.data, SequenceData)
    data = type(run.data)(**{**vars(run.config.data.init_args), "fold": number})
    data.setup("fit")
    data.setup("test")
    return data


def cross_validate(inputs: RecipeInputs, let_in: Sequence[str]) -> int:
    """Trains and tests a model for each fold that is not done yet, and shows what all of them measured.

    Every fold begins from the recipe's seed, so that its model is the one that a run of that fold alone
    (`--data.folds K --data.fold k`) would give.

    Args:
        inputs: What the user gave, checked.
        let_in: Modules of the user that recipes may name.

    Returns:
        The exit code.

    Raises:
        UserError: the data has no folds, or an option does not go with them.
    """
    recipe = dict(inputs.merged)
    folds = _count(recipe.pop("folds"))
    _check(inputs, folds)
    if (recipe.get("trainer") or {}).get("logger") is False:
        return _all_of(inputs, let_in, FoldFolder(None, folds))
    runs = runs_of(inputs.files, (recipe.get("trainer") or {}).get("default_root_dir"))
    folder = FoldFolder.found(runs, folds, recipe)
    try:
        return _all_of(inputs, let_in, folder)
    finally:
        folder.leave()


def _all_of(inputs: RecipeInputs, let_in: Sequence[str], folder: FoldFolder) -> int:
    options = [(key, value) for key, value in inputs.options if key != "folds"]
    left = [number for number in range(folder.folds) if number not in folder.done]
    for number in left:
        say("fold", f"{number}, of 0 to {folder.folds - 1}")
        begins = number == left[0]
        check = folder.check_data if begins and folder.path is not None else None
        job = FoldJob(folder.of(number), left[1:] if begins else (), check)
        own = [("data.folds", str(folder.folds)), ("data.fold", str(number))]
        own += [("ckpt_path", LAST)] if folder.has_checkpoint(number) else []
        code = run(job, replace(inputs, options=[*options, *own]), let_in)
        if code:
            return code
        folder.add(number, job.metrics)
    for line in lines(folder.done):
        print(line, flush=True)
    return 0


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        raise UserError(f"--folds is {value!r}; expected a whole number of at least 2")
    return value


def _check(inputs: RecipeInputs, folds: int) -> None:
    """Refuses what does not go with folds, and data that has none."""
    recipe = inputs.merged
    if any("folds" in each for each in inputs.recipes):
        raise UserError(
            f"{inputs.place('folds')}folds is an option of `zoo fit`, and no part of a recipe; expected "
            f"--folds {folds} on the command line"
        )
    if recipe.get("ckpt_path") is not None:
        raise UserError(
            f"--folds begins with a new model for each fold, and --ckpt_path is {recipe['ckpt_path']}; "
            f"expected one of them (where --folds was interrupted, the same command goes on)"
        )
    typed, options = dict(inputs.options), _options(recipe["data"])
    twice = [
        key
        for key, default in GIVEN.items()
        if {f"data.{key}", f"data.init_args.{key}"} & typed.keys() or options.get(key, default) != default
    ]
    if twice:
        place = inputs.place(twice[0])
        raise UserError(f"{place}--folds gives --data.{twice[0]} for each fold; expected one of them")
    if recipe.get("test_after_fit") is False or (recipe.get("trainer") or {}).get("fast_dev_run"):
        raise UserError(
            "--folds measures each fold by its test; expected a recipe without test_after_fit: false and "
            "fast_dev_run"
        )
    _check_data(recipe["data"])


def _options(part: Any) -> Mapping[str, Any]:
    """The options that a part of a recipe has, however they are spelled."""
    return {} if isinstance(part, str) else {**part, **(part.get("init_args") or {})}


def _check_data(part: Any) -> None:
    """Refuses data without folds."""
    path = part if isinstance(part, str) else part["class_path"]
    module, _, name = path.rpartition(".")
    own = [key for key in DATA.names() if DATA.target(key) == f"{module}:{name}"]
    kind = DATA[own[0]] if own else vars(sys.modules[module]).get(name) if module in sys.modules else None
    if kind is None or {"folds", "fold"} <= set(inspect.signature(kind).parameters):
        return
    why = kind.no_folds if issubclass(kind, SequenceData) else SequenceData.no_folds
    raise UserError(f"{name} has no folds: {why}")
