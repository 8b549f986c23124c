"""One run of several, in this process or in one of its own."""

import multiprocessing
import os
import shutil
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, final

from zoo.callbacks.nonfinite.watch import NonFiniteError
from zoo.cli.compare.checking import WHY_ONE_DEVICE
from zoo.cli.compare.variants import Variant
from zoo.cli.errors import debugging, failure
from zoo.cli.recipes.allowlist import import_modules, let_in
from zoo.cli.recipes.recipe import LAST
from zoo.cli.run.fit import check_writable, finish_fit
from zoo.cli.run.job import BuiltRun, Job
from zoo.cli.run.session import run
from zoo.registry import printable

ERROR, OUTPUT = "error.txt", "output.txt"
"""Why a run has failed, and what one in a process of its own has printed."""


class KeptJob(Job, ABC):
    """Trains, or goes on training, in a folder that is given.

    Args:
        runs: Where the folder of the run is made.

    Attributes:
        error: What was not finite, where that has ended it.
    """

    method, folder, goes_on = "fit", "version", True
    on_one_device, why_one_device = True, WHY_ONE_DEVICE

    def __init__(self, runs: Path) -> None:
        self.runs: Path = runs
        self.error = ""

    @final
    def do(self, run: BuiltRun) -> None:
        check_writable(run.trainer, run.folder)
        try:
            run.trainer.fit(**run.options, weights_only=True)
        except NonFiniteError as error:
            self.error = str(error)
            raise
        self.finish(run)

    @abstractmethod
    def finish(self, run: BuiltRun) -> None:
        """Does what follows the training."""


@final
class SeedJob(KeptJob):
    """Trains, and tests."""

    name = "compare"

    def finish(self, run: BuiltRun) -> None:
        finish_fit(run.trainer, run.model, run.data if run.config.test_after_fit else None, run.folder)


@final
@dataclass(frozen=True)
class SeedRun:
    """A variant with a seed.

    Attributes:
        variant: The variant.
        seed: The seed.
        folder: Where the folders of its versions are made.
        modules: Modules of the user that recipes may name.
    """

    variant: Variant
    seed: int
    folder: Path
    modules: Sequence[str]

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.variant.name}, seed {self.seed}"

    @property
    def key(self) -> tuple[str, int | None]:
        """By which it is noted."""
        return self.variant.name, self.seed

    @property
    def newest(self) -> Path:
        """The folder of its newest version; itself where there is none."""
        found = sorted(self.folder.glob("version_*"), key=lambda path: int(path.name.partition("_")[2]))
        return found[-1] if found else self.folder

    def forget(self) -> None:
        """Removes what it has left, so that it begins anew."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def error(self, code: int) -> str:
        """Why it has ended with this exit code; "" where it went well."""
        if code == 0:
            return ""
        if code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
        told = self.folder / ERROR
        return told.read_text(encoding="utf-8") if told.is_file() else f"its process ended with code {code}"

    def train(self) -> int:
        """Trains and tests in this process; otherwise like `train_by`."""
        return self.train_by(SeedJob(self.folder))

    def train_by(self, job: KeptJob) -> int:
        """Trains in this process, and returns the exit code; what has failed is kept as a sentence.

        Args:
            job: What trains it, in the folder of this run.

        Raises:
            SystemExit: it was told to stop, and has saved what it had.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        inputs = self.variant.with_seed(self.seed)
        if any(self.folder.glob("version_*/checkpoints/*.ckpt")):
            inputs = replace(inputs, options=[*inputs.options, ("ckpt_path", LAST)])
        try:
            code = run(job, inputs, self.modules)
        except Exception as error:  # whatever it is, the other runs are not to suffer from it
            if debugging():
                raise
            return self._fail(failure(error) or str(error) or type(error).__name__)
        return self._fail(job.error) if job.error else code

    def _fail(self, sentence: str) -> int:
        first = printable(sentence.strip().partition("\n")[0])
        (self.folder / ERROR).write_text(first, encoding="utf-8")
        print(f"zoo: {self.name} has failed: {first}", file=sys.stderr)
        return 1

    def train_apart(self) -> None:
        """The same in a process of its own."""
        apart(self.folder, self.modules, self.train)


def apart(folder: Path, modules: Sequence[str], train: Callable[[], int]) -> NoReturn:
    """Trains in a process of its own: it prints to a file, and stops where its parent is gone.

    Args:
        folder: Where the file is.
        modules: Modules of the user that recipes may name.
        train: Trains, and returns the exit code.
    """
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.stdout.flush()
    for stream in (1, 2):
        os.dup2(file, stream)
    import_modules(modules)
    let_in(modules)
    sys.exit(train())


def _stop_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)  # as which it saves what it has
