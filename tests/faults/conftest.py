"""What tests of faults share: a run to which something happens."""

import os
import resource
import shutil
import sys

import pytest


@pytest.fixture
def fit_until(zoo, monkeypatch):
    """Runs the small recipe for three epochs of four steps, lets something happen after the sixth step."""
    monkeypatch.setattr("sys.path", [*sys.path])
    limits = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)}

    def fit(happening, *options):
        try:
            return zoo(
                *("--allow-import", "happens", "fit", "--config", "small.yaml", "--trainer.max_epochs=3"),
                *("--trainer.callbacks+=happens.At", f"--trainer.callbacks.what={happening}", *options),
            )
        finally:
            for kind, limit in limits.items():
                resource.setrlimit(kind, limit)

    return fit


@pytest.fixture
def failed():
    """Checks that a command has failed and said so in one sentence, which is returned."""

    def check(outcome, code=1):
        assert outcome.code == code, outcome.err
        assert "Traceback" not in outcome.err
        (sentence,) = [line for line in outcome.err.splitlines() if "zoo: compiling" not in line]
        assert sentence.startswith("zoo: error: ")
        assert "[Errno" not in sentence
        return sentence

    return check


@pytest.fixture(scope="session")
def kept_runs(tmp_path_factory):
    """Where the runs of `fitted` are kept for the next test."""
    return tmp_path_factory.mktemp("kept") / "runs"


@pytest.fixture
def fitted(zoo, folder, kept_runs):
    """The checkpoints of a run of one epoch: `last.ckpt`, and ten seconds older the best."""
    if not kept_runs.exists():
        assert zoo("fit", "--config", "small.yaml").code == 0
        best = folder / "runs/small/version_0/checkpoints/best-epoch1.ckpt"
        written = best.stat().st_mtime - 10
        os.utime(best, (written, written))
        shutil.copytree(folder / "runs", kept_runs)
        shutil.rmtree(folder / "runs")
    shutil.copytree(kept_runs, folder / "runs")
    return folder / "runs/small/version_0/checkpoints"
