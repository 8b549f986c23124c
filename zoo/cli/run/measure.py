"""`zoo validate` and `zoo test`: how good a checkpoint is on data."""

from typing import final

from zoo.callbacks.say import say
from zoo.cli.run.job import BuiltRun, Job
from zoo.cli.run.output import numbers


@final
class ValidateJob(Job):
    """Measures a checkpoint on validation data."""

    name, method, folder, needs_checkpoint = "validate", "validate", "validate", True

    def do(self, run: BuiltRun) -> None:
        for metrics in run.trainer.validate(**run.options, weights_only=True, verbose=False):
            say(self.name, numbers(metrics))


@final
class TestJob(Job):
    """Measures a checkpoint on test data."""

    name, method, folder, needs_checkpoint = "test", "test", "test", True

    def do(self, run: BuiltRun) -> None:
        for metrics in run.trainer.test(**run.options, weights_only=True, verbose=False):
            say(self.name, numbers(metrics))
