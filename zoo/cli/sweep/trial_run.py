"""The run of one trial, in this process or in one of its own."""

from dataclasses import dataclass
from typing import final

from zoo.cli.compare.seed_run import KeptJob, SeedRun, apart
from zoo.cli.run.job import BuiltRun
from zoo.cli.sweep.plan import Plan
from zoo.cli.sweep.pruning import PRUNED, TellStudy
from zoo.runs.atomic_file import alone


@final
class TrialJob(KeptJob):
    """Trains; what is chosen by its results is not tested before it is chosen."""

    name = "sweep"

    def finish(self, run: BuiltRun) -> None:
        """Does nothing: the study is told by the process that has asked for the trial."""


@final
@dataclass(frozen=True)
class TrialRun:
    """The run of a trial.

    Attributes:
        plan: The search.
        number: Of the trial.
        words: What it has chosen, for people.
        run: What is trained, and where.
    """

    plan: Plan
    number: int
    words: str
    run: SeedRun

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"trial {self.number}: {self.words}"

    def train(self) -> int:
        """Trains in this process, and returns the exit code; what has failed is kept as a sentence.

        A process that was killed may have left one of its own, which saves what it has: that is waited for.

        Raises:
            SystemExit: it was told to stop, and has saved what it had.
        """
        from zoo.cli.sweep.study import begun_trial, opened  # which makes such runs

        self.run.folder.mkdir(parents=True, exist_ok=True)
        with alone(self.run.folder.parent / "training.lock"):
            job, study, number = TrialJob(self.run.folder), opened(self.plan), self.number
            trial, known = begun_trial(*study, number), study[0].trials[number].intermediate_values
            if PRUNED in trial.user_attrs:  # before the study could be told
                return 0
            prunes = self.plan.warmup is not None
            job.callbacks = [TellStudy(trial, self.plan.measure.name, set(known), prunes)]
            return self.run.train_by(job)

    def train_apart(self) -> None:
        """The same in a process of its own."""
        apart(self.run.folder, self.run.modules, self.train)
