"""`zoo inspect --try`: trains a recipe and what its verdict advises briefly, side by side."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from zoo.callbacks.say import say
from zoo.cli.compare.checking import Look
from zoo.cli.compare.compared import seeds_of
from zoo.cli.compare.scheduling import listening, work
from zoo.cli.compare.seed_run import OUTPUT, KeptJob, SeedRun, apart
from zoo.cli.compare.variants import Variant, check_options
from zoo.cli.errors import FailedError, UserError
from zoo.cli.recipes.recipe import Option, RecipeInputs
from zoo.cli.run.inspect import TRYING, InspectJob
from zoo.cli.run.job import BuiltRun
from zoo.cli.run.session import run
from zoo.comparison.measure import chosen
from zoo.comparison.outcome import outcome
from zoo.comparison.standing import contests, standings
from zoo.comparison.trial import Trial, read_trial
from zoo.comparison.write import tables, told
from zoo.verdict.placing import as_option, placed

AS_IT_IS = "as it is"
STEPS, SEEDS = 200, "3"
OF_TRYING = tuple(name for name, _, _ in TRYING)
OF_INSPECT = (*OF_TRYING, "batches", "probe", "probe_seconds")
"""Options that no training has."""


@final
@dataclass(frozen=True, kw_only=True)
class Budget:
    """What each variant is given.

    Attributes:
        steps: Of each run; 0 where epochs are counted.
        epochs: Likewise.
        seeds: The same for all variants.
        jobs: Runs at once.
    """

    steps: int
    epochs: int
    seeds: Sequence[int]
    jobs: int

    @classmethod
    def of(cls, recipe: Mapping[str, Any]) -> "Budget":
        """What was asked for.

        Raises:
            UserError: it is no number, below 1, or both steps and epochs.
        """
        numbers = {name: recipe[name] for name in ("steps", "epochs", "jobs") if name in recipe}
        for name, number in numbers.items():
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise UserError(f"--{name} is {number!r}; expected a whole number of at least 1")
        if {"steps", "epochs"} <= set(numbers):
            raise UserError("--steps and --epochs were both given; expected one of them")
        epochs = numbers.get("epochs", 0)
        steps = 0 if epochs else numbers.get("steps", STEPS)
        seeds = seeds_of(recipe.get("seeds", SEEDS))
        return cls(steps=steps, epochs=epochs, seeds=seeds, jobs=numbers.get("jobs", 1))

    @property
    def words(self) -> str:
        """How long a run is."""
        count, unit = (self.epochs, "epoch") if self.epochs else (self.steps, "step")
        return f"{count:,} {unit}{'' if count == 1 else 's'}"

    @property
    def options(self) -> list[Option]:
        """Of a recipe that keeps within it, is validated at its end, and logs nowhere else."""
        if self.epochs:
            length = {"max_epochs": str(self.epochs), "max_steps": "-1"}
        else:  # counted over epochs, so that validation comes with the last step
            steps = str(self.steps)
            length = {"max_epochs": "-1", "max_steps": steps, "val_check_interval": steps}
            length |= {"check_val_every_n_epoch": "null"}
        own = [(f"trainer.{key}", value) for key, value in length.items()]
        return [*own, ("trainer.logger", "true"), ("test_after_fit", "false")]


@final
class TriedJob(KeptJob):
    """Trains, and is done."""

    name = "inspect"

    def finish(self, run: BuiltRun) -> None:
        """Does nothing: what was measured is read from the folder."""


@final
@dataclass(frozen=True)
class TriedRun:
    """A run that prints to a file beside its own.

    Attributes:
        run: What is trained, and where.
    """

    run: SeedRun

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.run.name

    def train(self) -> int:
        """Trains in this process, and returns the exit code.

        Raises:
            SystemExit: it was told to stop.
        """
        self.run.folder.mkdir(parents=True, exist_ok=True)
        with (self.run.folder / OUTPUT).open("a") as file, redirect_stdout(file), redirect_stderr(file):
            return self.run.train_by(TriedJob(self.run.folder))

    def train_apart(self) -> None:
        """The same in a process of its own."""
        apart(self.run.folder, self.run.modules, self.train)


def try_advice(inputs: RecipeInputs, modules: Sequence[str]) -> int:
    """Inspects a recipe, follows each line of the advice in short runs, and says which won.

    The runs are made in a temporary folder, which is gone afterwards, however that comes.

    Args:
        inputs: The recipe, and what was asked for.
        modules: Modules of the user that recipes may name.

    Returns:
        The exit code.

    Raises:
        UserError: there is nothing to try, or an option is wrong.
        FailedError: no run has come to its end.
        SystemExit: it was told to stop.
    """
    budget = Budget.of(inputs.merged)
    check_options(inputs.options)
    job = InspectJob()
    code = run(job, _without(inputs, OF_TRYING), modules)
    if code:
        return code
    lines = list(dict.fromkeys(line for finding in job.findings for line in finding.advice))
    if not lines:
        raise UserError("nothing to try: the verdict gives no advice")
    found = _variants(_without(inputs, OF_INSPECT), lines, budget)
    look = Look("inspect", budget.seeds[0], modules)
    for variant in found:
        look.at(variant)
    with _kept_nowhere() as folder:
        trials = _tried(found, budget, folder, modules)
    _tell(trials)
    return 0


def _without(inputs: RecipeInputs, names: Sequence[str]) -> RecipeInputs:
    return replace(inputs, options=[option for option in inputs.options if option[0] not in names])


def _variants(inputs: RecipeInputs, lines: Sequence[str], budget: Budget) -> list[Variant]:
    """The recipe as it is, and with each line of advice, called as the option of `zoo fit` that it is."""
    whole = {AS_IT_IS: [], **{as_option(line): [placed(line)] for line in lines}}
    return [
        Variant(name, replace(inputs, options=[*inputs.options, *own, *budget.options]))
        for name, own in whole.items()
    ]


@contextmanager
def _kept_nowhere() -> Iterator[Path]:
    """A folder that is gone afterwards, also where a signal ends it."""
    with listening(), tempfile.TemporaryDirectory(prefix="zoo-try-") as folder:
        try:
            yield Path(folder)
        except (SystemExit, KeyboardInterrupt):
            say("stopped", "nothing of what was tried is kept")
            raise


def _tried(found: Sequence[Variant], budget: Budget, folder: Path, modules: Sequence[str]) -> list[Trial]:
    """Makes all runs, seed by seed, and reads what they say."""
    runs = [
        TriedRun(SeedRun(variant, seed, folder / str(place) / f"seed_{seed}", modules))
        for seed in budget.seeds
        for place, variant in enumerate(found)
    ]
    trials: dict[tuple[str, int | None], Trial] = {}
    print()
    say("try", f"{len(found)} variants, {len(budget.seeds)} seeds each, {budget.words} a run")

    def note(one: TriedRun, code: int) -> None:
        trial = read_trial(one.run.variant.name, one.run.seed, one.run.newest)
        error = one.run.error(code) or trial.error
        trials[one.run.key] = replace(trial, error=error)
        say("failed" if error else "done", f"{one.name}  ({len(trials)} of {len(runs)})")

    work(runs, budget.jobs, note)
    return [trials[variant.name, seed] for variant in found for seed in budget.seeds]


def _tell(trials: Sequence[Trial]) -> None:
    """Prints the tables of a comparison, and which variant won.

    Raises:
        FailedError: nothing was measured.
    """
    whole = [trial for trial in trials if not trial.error]
    if not whole:
        raise FailedError(f"no run has measured anything; the first says: {trials[0].error}")
    measure = chosen(whole, None)
    found = standings(trials, measure)
    held = contests(found, AS_IT_IS, measure)
    for line in told(found, held, tables(found, held, AS_IT_IS, measure)):
        print(line)
    print()
    say("outcome", outcome(found, held, measure))
