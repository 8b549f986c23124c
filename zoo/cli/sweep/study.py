"""The study: a file from which several processes take trials, and which says how they went."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, final

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from zoo.callbacks.say import say
from zoo.cli.compare.seed_run import SeedRun
from zoo.cli.sweep.plan import STUDY, Plan
from zoo.cli.sweep.pruning import PRUNED
from zoo.cli.sweep.trial_run import TrialRun
from zoo.comparison.trial import read_trial
from zoo.runs.atomic_file import alone, claimed
from zoo.sweep.trial import Outcome, SweepTrial

NAME, LOCK = "sweep", "study.lock"
APART = 100_003
"""Trials of a search by which the seeds of the next one differ."""
PATIENCE = 120
"""Seconds that a process waits for others to be done with the file."""
MOST_KILLED = 3
"""How often a trial may lose its process, as where memory runs out, before it counts as failed."""
STARTUP = 5
"""Trials that are never given up, as there is nothing to hold them against."""
KILLED = "killed"
"""What says of a trial how often it has."""
FEWEST = 10
"""Trials from which on it is said which options matter."""
OUTCOMES: dict[TrialState, Outcome] = {
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def opened(plan: Plan) -> tuple[optuna.Study, RDBStorage]:
    """The study of a search, made if there is none, and where it is kept."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    address = f"sqlite:///{plan.folder / STUDY}"
    with alone(plan.folder / LOCK):
        storage = RDBStorage(address, engine_kwargs={"connect_args": {"timeout": PATIENCE}})
        study = optuna.create_study(
            study_name=NAME,
            storage=storage,
            direction="maximize" if plan.measure.sign > 0 else "minimize",
            pruner=optuna.pruners.MedianPruner(STARTUP, n_warmup_steps=plan.warmup or 0),
            load_if_exists=True,
        )
    return study, storage


def begun_trial(study: optuna.Study, storage: RDBStorage, number: int) -> Trial:
    """A trial that has begun; Optuna itself gives one only to who asks for a new one."""
    identity = storage.get_trial_id_from_study_id_trial_number(storage.get_study_id_from_name(NAME), number)
    return Trial(study, identity)


@final
class SharedStudy:
    """The study of a search, as one process sees it.

    Args:
        plan: The search.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._study, self._storage = opened(plan)
        self._held: dict[int, IO[bytes]] = {}

    def kept(self) -> dict[str, Any]:
        """What the study was begun with; nothing of a new one."""
        return self._study.user_attrs

    def keep(self, record: Mapping[str, Any]) -> None:
        """Notes what the study is begun with."""
        for key, value in record.items():
            self._study.set_user_attr(key, value)

    def take(self) -> TrialRun | None:
        """A trial whose process was stopped or killed, or else a new one; None where there is none left."""
        with alone(self.plan.folder / LOCK):
            trials = self._study.get_trials(deepcopy=False)
            for trial in trials:
                is_open = trial.state == TrialState.RUNNING and trial.number not in self._held
                if is_open and self._hold(trial.number):
                    return self._run(begun_trial(self._study, self._storage, trial.number))
            if len(trials) >= self.plan.trials:
                return None
            new = self._study.ask()
            self._hold(new.number)
            return self._run(new)

    def _hold(self, number: int) -> bool:
        """Takes a trial for this process, unless another has it."""
        folder = self._folder(number)
        folder.mkdir(parents=True, exist_ok=True)
        file = claimed(folder / "taken.lock")
        if file is None:
            return False
        self._held[number] = file
        return True

    def _folder(self, number: int) -> Path:
        return self.plan.folder / f"trial_{number}"

    def _run(self, trial: Trial) -> TrialRun:
        """The run of a trial, which chooses what it has not chosen yet."""
        # With a seed for each trial, processes that begin at once do not all choose the same.
        self._study.sampler = optuna.samplers.TPESampler(seed=self.plan.seed * APART + trial.number)
        for dimension in self.plan.space.dimensions:
            dimension.suggest(trial)
        number, chosen, seed = trial.number, trial.params, self.plan.seed
        paths = [dimension.path for dimension in self.plan.space.dimensions]
        words = " ".join(f"{path}={_short(chosen[path])}" for path in paths)
        folder = self._folder(number) / f"seed_{seed}"
        run = SeedRun(self.plan.variant(number, chosen), seed, folder, self.plan.modules)
        return TrialRun(self.plan, number, words, run)

    def ended(self, one: TrialRun, code: int) -> None:
        """Tells the study how a trial has ended; one whose process was killed is taken again."""
        trial = begun_trial(self._study, self._storage, one.number)
        killed = trial.user_attrs.get(KILLED, 0) + (code < 0)
        if code < 0 and killed < MOST_KILLED:
            trial.set_user_attr(KILLED, killed)
            say("killed", f"trial {one.number}: {one.run.error(code)}; it is taken up again")
        else:
            self._tell(trial, one, code)
        self._held.pop(one.number).close()

    def _tell(self, trial: Trial, one: TrialRun, code: int) -> None:
        found = read_trial(one.run.variant.name, one.run.seed, one.run.newest)
        value = found.metrics.get(self.plan.measure.name)
        error = one.run.error(code) or found.error
        if not error and value is None:
            error = f"{self.plan.measure.name} was not measured"
        for key in ("parameters", "seconds", "folder"):
            trial.set_user_attr(key, vars(found)[key])
        trial.set_user_attr("error", error)
        if error:
            self._study.tell(trial.number, state=TrialState.FAIL)
        elif PRUNED in trial.user_attrs:
            self._study.tell(trial.number, state=TrialState.PRUNED)
        else:
            self._study.tell(trial.number, value)

    def trials(self) -> list[SweepTrial]:
        """All trials so far."""
        paths = [dimension.path for dimension in self.plan.space.dimensions]
        return [_seen(trial, paths) for trial in self._study.get_trials(deepcopy=False)]

    def importances(self) -> dict[str, float]:
        """How much of the metric's variance over the space each option explains, of 1; nothing of few trials.

        By functional ANOVA over a random forest (Hutter et al., 2014, https://proceedings.mlr.press/v32/hutter14.html).
        """
        done = [trial for trial in self.trials() if trial.outcome == "done"]
        if len(done) < FEWEST or len({trial.value for trial in done}) == 1:
            return {}
        explained = optuna.importance.FanovaImportanceEvaluator(seed=0)
        return optuna.importance.get_param_importances(self._study, evaluator=explained)

    def leave(self) -> None:
        """Lets go of the trials that this process has not ended."""
        while self._held:
            with suppress(OSError):
                self._held.popitem()[1].close()


def _seen(trial: FrozenTrial, paths: Sequence[str]) -> SweepTrial:
    attributes = trial.user_attrs
    return SweepTrial(
        number=trial.number,
        outcome=OUTCOMES.get(trial.state, "open"),
        chosen={path: trial.params.get(path) for path in paths},
        value=trial.value,
        parameters=attributes.get("parameters"),
        seconds=attributes.get("seconds"),
        epochs=len(trial.intermediate_values),
        error=attributes.get("error", ""),
        folder=attributes.get("folder", ""),
    )


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
