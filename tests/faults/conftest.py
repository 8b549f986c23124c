"""What tests of faults share: a run to which something happens."""

import resource
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
