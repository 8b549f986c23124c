"""What a test lets happen in the middle of a run, with `--allow-import happens`."""

import gc
import json
import multiprocessing
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import torch
from lightning.pytorch import Callback

RUN = Path("runs/small/version_0")


def the_disk_fills():
    """No file may get larger than what config.yaml and metrics.csv need."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))


def the_folder_is_removed():
    shutil.rmtree(RUN)


def the_folder_is_renamed():
    RUN.rename(RUN.with_name("renamed"))


def the_checkpoints_become_a_file():
    """What a folder that has become read-only does, but to root as well."""
    (RUN / "checkpoints").rename(RUN / "good")
    (RUN / "checkpoints").write_text("")


def no_more_files_can_be_opened():
    opened = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def memory_runs_out():
    """The address space is full but for a little: some 50 MB are asked for again and again."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000, resource.RLIM_INFINITY))
    hoard = [torch.zeros(12_500_000) for _ in range(10)]
    del hoard


def a_worker_is_killed():
    os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)


def the_run_is_told_to_end():
    os.kill(os.getpid(), signal.SIGTERM)


def the_run_is_killed():
    os.kill(os.getpid(), signal.SIGKILL)


HAPPENINGS: dict[str, Callable[[], None]] = {
    happening.__name__: happening
    for happening in (
        the_disk_fills,
        the_folder_is_removed,
        the_folder_is_renamed,
        the_checkpoints_become_a_file,
        no_more_files_can_be_opened,
        memory_runs_out,
        a_worker_is_killed,
        the_run_is_told_to_end,
        the_run_is_killed,
    )
}


class At(Callback):
    """Lets something happen after a step.

    Args:
        what: Its name.
        step: The step.
    """

    def __init__(self, what: str, step: int = 6):
        self.what, self.step = what, step

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.global_step == self.step:
            HAPPENINGS[self.what]()


class Watch(Callback):
    """Measures every ten steps, into watched.json: bytes in memory, and objects that Python holds."""

    def __init__(self):
        self.memory, self.objects = [], []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.global_step % 10 == 0:
            self.memory.append(int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize())
        if trainer.global_step % 100 == 0:
            gc.collect()
            self.objects.append(len(gc.get_objects()))

    def on_train_end(self, trainer, pl_module):
        Path("watched.json").write_text(json.dumps({"memory": self.memory, "objects": self.objects}))
