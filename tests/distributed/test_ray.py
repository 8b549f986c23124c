"""`zoo fit --launcher ray`: two local workers of Ray Train; one sentence where it cannot be."""

import csv
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

FIT = ("fit", "--config", "small.yaml", "--launcher", "ray")
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    # Ray gives its processes half a minute to start, which a busy machine may take.
    "RAY_agent_register_timeout_ms": "120000",
    "RAY_raylet_start_wait_time_s": "150",
}


def test_what_is_missing_is_said_with_the_command_that_installs_it(zoo, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    outcome = zoo(*FIT, "--trainer.devices=2")
    assert outcome.code == 2
    assert outcome.err.endswith("is not installed; pip install 'recurrent-zoo[ray]'\n")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), "trainer.devices is 'auto'; expected a number, such as --trainer.devices=2"),
        (("--folds=3",), "--folds trains fold after fold in one process; expected it without --launcher"),
        (("--launcher=rai",), "--launcher is 'rai'; did you mean 'ray'?"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(zoo, options, text):
    outcome = zoo(*FIT, *options)
    assert outcome.code == 2
    assert text in outcome.err


def test_two_runs_of_a_recipe_keep_what_ray_writes_apart(zoo, folder, monkeypatch):
    places = []

    def fit(ray, line, workers, on_gpu, place):
        place.mkdir(parents=True)
        places.append(place)
        if len(places) == 1:
            assert zoo(*FIT, "--trainer.devices=2", "--data.batch_size=64").code == 0
        assert place.is_dir()
        return 0

    idle = SimpleNamespace(is_initialized=lambda: True, cluster_resources=lambda: {"CPU": 4})
    monkeypatch.setattr("zoo.cli.run.by_ray._imported", lambda: idle)
    monkeypatch.setattr("zoo.cli.run.by_ray._fit", fit)
    assert zoo(*FIT, "--trainer.devices=2").code == 0
    assert len(places) == 2
    assert list((folder / "runs/small").iterdir()) == []


def test_two_workers_leave_one_run_with_its_checkpoints(zoo, folder):
    pytest.importorskip("ray", reason="an extra")
    line = [sys.executable, "-m", "zoo", *FIT, "--trainer.devices=2"]
    subprocess.run(line, env=os.environ | QUIET, check=True, timeout=500)
    run = folder / "runs/small/version_0"
    assert [path.name for path in folder.glob("runs/small/*")] == ["version_0"]
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["best-epoch1.ckpt", "last.ckpt"]
    assert zoo("fit", "--config", "small.yaml", "--data.batch_size=64").code == 0
    tested = [_tested(folder / f"runs/small/version_{number}/metrics.csv") for number in (0, 1)]
    assert tested[0] == pytest.approx(tested[1], rel=0.1)  # but for dropout they are the same


def _tested(file):
    with file.open() as rows:
        return float(list(csv.DictReader(rows))[-1]["test/loss"])
