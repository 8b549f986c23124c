"""A long run needs no more memory at its end than soon after its beginning, whatever watches it."""

import gc
from pathlib import Path

import pytest
from lightning.pytorch import Callback

from zoo.callbacks import CALLBACKS

RECIPE = """\
model:
  class_path: SequenceRegressor
  init_args:
    network:
      encoder: {cell: gru, hidden_size: 8}
      pooling: last
test_after_fit: false
data:
  class_path: AddingProblem
  init_args: {length: 8, batch_size: 4, steps_per_epoch: 100, val_size: 8, test_size: 8}
trainer:
  accelerator: cpu
  max_epochs: -1
  limit_val_batches: 1
  log_every_n_steps: 10
  callbacks:
"""
OPTIONS = {
    "gradient_clipping": {"max_norm": 1.0},
    "gradient_histogram": {"every_n_steps": 10},
    "gradient_through_time": {"every_n_steps": 10},
    "recurrence_health": {"every_n_steps": 10},
}
STATM = Path("/proc/self/statm")


def resident():
    """Bytes of this process in memory."""
    return int(STATM.read_text().split()[1]) * 4096


class Watch(Callback):
    """Measures every ten steps: bytes in memory, and objects that Python holds."""

    memory: list[int]
    objects: list[int]

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.global_step % 10 == 0:
            Watch.memory.append(resident())
        if trainer.global_step % 100 == 0:
            gc.collect()
            Watch.objects.append(len(gc.get_objects()))


def growth(series):
    """How much more the last fifth has than the one after a third; the least of each, as it flickers."""
    fifth = len(series) // 5
    return min(series[-fifth:]) - min(series[len(series) // 3 :][:fifth])


@pytest.fixture
def grown(zoo, folder, monkeypatch):
    """Runs so many steps with every callback there is; gives the growth in bytes and in objects."""
    named = [
        f"    - class_path: {name}\n      init_args: {OPTIONS.get(name, {})}\n" for name in CALLBACKS.names()
    ]
    monkeypatch.setattr(CALLBACKS, "_parts", CALLBACKS._parts | {"watch": Watch})
    (folder / "long.yaml").write_text(RECIPE + "".join(named) + "    - class_path: Watch\n")

    def run(steps):
        Watch.memory, Watch.objects = [], []
        outcome = zoo("fit", "--config", "long.yaml", f"--trainer.max_steps={steps}")
        assert outcome.code == 0, outcome.err
        return growth(Watch.memory), growth(Watch.objects)

    return run


@pytest.mark.skipif(not STATM.exists(), reason="the memory of a process is read from /proc")
@pytest.mark.parametrize(
    ("steps", "most"), [(600, 2e6), pytest.param(3000, 5e6, marks=pytest.mark.exhaustive)]
)
def test_the_memory_fills_up_during_a_long_run(grown, steps, most):
    memory, objects = grown(steps)
    assert memory < most
    assert objects < steps / 10
