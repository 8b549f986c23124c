"""A small network trains on one thread, unless the user says otherwise."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from zoo.cli.cores import cores
from zoo.cli.run.threads import SAID, ThreadsByWork, threads_for

FIT = ("fit", "--config", "small.yaml", "--trainer.max_epochs=1", "--trainer.limit_train_batches=1")


@pytest.fixture
def two_threads(monkeypatch):
    """Torch may use two, and nobody has said how many it should."""
    before = torch.get_num_threads()
    for name in SAID:
        monkeypatch.delenv(name, raising=False)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_a_small_network_trains_on_one_thread_and_the_rest_is_as_before(zoo, folder, two_threads):
    outcome = zoo(*FIT)
    assert outcome.code == 0, outcome.err
    assert "threads   1 of 2, by the work of a batch; OMP_NUM_THREADS says otherwise" in outcome.out
    assert torch.get_num_threads() == 2


def test_what_the_user_says_stands(zoo, folder, two_threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    outcome = zoo(*FIT)
    assert outcome.code == 0, outcome.err
    assert "threads " not in outcome.out


def test_a_share_of_the_cores_is_not_what_a_user_says(zoo, folder, two_threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("ZOO_SHARED_THREADS", "1")
    outcome = zoo(*FIT)
    assert outcome.code == 0, outcome.err
    assert "threads   1 of 2" in outcome.out


def test_a_run_that_goes_on_has_as_many_threads_as_it_began_with():
    begun, later = ThreadsByWork(), ThreadsByWork()
    begun._chosen = 2
    later.load_state_dict(begun.state_dict())
    assert later.state_dict() == {"threads": 2}


def test_a_large_network_has_all_that_the_container_may_use(monkeypatch):
    batch = {"x": torch.zeros(64, 100, 1), "y": torch.zeros(64)}
    large, small = nn.LSTM(1, 64), nn.Sequential(nn.LSTM(1, 8), nn.Embedding(1000, 500))
    monkeypatch.setattr("zoo.cli.run.threads.cores", lambda: 16)
    assert threads_for(8, large, batch) == 8
    assert threads_for(8, small, batch) == 1
    assert threads_for(8, small, object()) == 8
    monkeypatch.setattr("zoo.cli.run.threads.cores", lambda: 2)
    assert threads_for(8, large, [batch, "a"]) == 2
    assert threads_for(8, large, batch, processes=2) == 1
    assert threads_for(8, large, batch, processes=4) == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [("150000 100000", 2), ("50000 100000", 1), ("900000 100000", 4), ("max 100000", 4), ("?", 4)],
)
def test_the_quota_of_a_container_is_rounded_up_and_no_more_than_there_are(
    tmp_path, monkeypatch, text, count
):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(4)), raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    (tmp_path / "cpu.max").write_text(text)
    assert cores(tmp_path / "cpu.max") == count
    assert cores(tmp_path / "none") == 4


def test_threads_that_wait_sleep_in_the_command_and_nowhere_else():
    code = (
        "import os{}; from zoo.cli import main; main(['--version']); print(os.environ.get('OMP_WAIT_POLICY'))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}

    def policy(imports, **more):
        line = [sys.executable, "-c", code.format(imports)]
        done = subprocess.run(line, env={**environment, **more}, check=True, capture_output=True, text=True)
        return done.stdout.split()[-1]

    assert policy("") == "passive"
    assert policy("", OMP_WAIT_POLICY="active") == "active"
    assert policy(", torch") == "None"
