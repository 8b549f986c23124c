"""A long run needs no more memory at its end than soon after its beginning, whatever watches it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
HERE = Path(__file__).parent


def growth(series):
    """How much more the last fifth has than the one after a third; the least of each, as it flickers."""
    fifth = len(series) // 5
    return min(series[-fifth:]) - min(series[len(series) // 3 :][:fifth])


@pytest.fixture
def grown(folder):
    """Runs so many steps with every callback there is; gives the growth in bytes and in objects.

    In a process of its own, for what other tests have left behind moves the memory of this one.
    """
    named = [
        f"    - class_path: {name}\n      init_args: {OPTIONS.get(name, {})}\n" for name in CALLBACKS.names()
    ]
    (folder / "long.yaml").write_text(RECIPE + "".join(named) + "    - class_path: happens.Watch\n")

    def run(steps):
        line = f"--allow-import happens fit --config long.yaml --trainer.max_steps={steps}"
        path = os.pathsep.join([str(HERE), str(HERE.parent.parent)])
        subprocess.run(
            [sys.executable, "-m", "zoo", *line.split()],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            check=True,
        )
        watched = json.loads((folder / "watched.json").read_text())
        return growth(watched["memory"]), growth(watched["objects"])

    return run


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("steps", "most"), [(600, 2e6), pytest.param(3000, 5e6, marks=pytest.mark.exhaustive)]
)
def test_the_memory_fills_up_during_a_long_run(grown, steps, most):
    memory, objects = grown(steps)
    assert memory < most
    assert objects < steps / 10
