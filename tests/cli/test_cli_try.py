"""`zoo inspect --try`: what is advised is trained beside the recipe, and nothing of it stays."""

import os
import signal

import pytest

from zoo.tasks.sequence_classifier import SequenceClassifier

DEEP = ("num_layers=8", "wiring=plain", "direction=forward", "engine=native")
TRY = (
    *("inspect", "--config", "small.yaml", "--batches=2", "--probe=false", "--try"),
    *(f"--model.network.encoder.{option}" for option in DEEP),
)
ADVISED = "--model.network.encoder.wiring=residual"


@pytest.fixture
def places(folder, monkeypatch, tmp_path_factory):
    """The user's folder, and the one for what is temporary."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    def left():
        return sorted(path.name for path in folder.iterdir()), [path.name for path in temporary.glob("zoo-*")]

    return left


def test_advice_is_trained_beside_the_recipe_with_the_same_seeds_and_steps(zoo, places, monkeypatch):
    step, taken = SequenceClassifier.training_step, []

    def step_and_note(self, batch, index):
        wiring = self.network.encoder.wiring
        taken.append(type(wiring).__name__)
        return step(self, batch, index)

    monkeypatch.setattr(SequenceClassifier, "training_step", step_and_note)
    outcome = zoo(*TRY, "--steps=3", "--seeds=4,7")
    assert outcome.code == 0, outcome.err
    assert "2 variants, 2 seeds each, 3 steps a run" in outcome.out
    assert [taken[2:].count(name) for name in ("PlainSpec", "ResidualSpec")] == [6, 6]
    assert f"{ADVISED}, seed 7  (4 of 4)" in outcome.out
    table = [line for line in outcome.out.splitlines() if line.startswith(f"  {ADVISED}")]
    assert "lstm-8x8-residual" in table[0]
    assert outcome.out.splitlines()[-1].startswith("outcome   ")
    assert "epoch " not in outcome.out
    assert places() == (["small.yaml"], [])


def test_it_can_be_counted_in_epochs(zoo, places):
    outcome = zoo(*TRY, "--epochs=1", "--seeds=1")
    assert outcome.code == 0, outcome.err
    assert "1 epoch a run" in outcome.out
    assert "outcome   " in outcome.out
    assert places() == (["small.yaml"], [])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_is_interrupted_leaves_nothing(zoo, places, monkeypatch, number, code):
    step, taken = SequenceClassifier.training_step, []

    def step_and_stop(self, batch, index):
        taken.append(index)
        if len(taken) == 6:  # two are looked at, three are of the first run
            os.kill(os.getpid(), number)
        return step(self, batch, index)

    monkeypatch.setattr(SequenceClassifier, "training_step", step_and_stop)
    outcome = zoo(*TRY, "--steps=3", "--seeds=1")
    assert outcome.code == code
    assert outcome.out.splitlines()[-1] == "stopped   nothing of what was tried is kept"
    assert len(taken) == 6
    assert places() == (["small.yaml"], [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model.network.encoder.wiring=residual",), "nothing to try: the verdict gives no advice"),
        (("--steps=0",), "--steps is 0; expected a whole number of at least 1"),
        (("--steps=3", "--epochs=1"), "--steps and --epochs were both given; expected one of them"),
        (("--jobs=many",), "--jobs is 'many'; expected a whole number of at least 1"),
        (("--seeds=0",), "--seeds is 0; expected at least 1"),
        (("--ckpt_path=last",), "--ckpt_path is last, and a comparison begins with a new model for each run"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_is_trained(zoo, places, arguments, said):
    outcome = zoo(*TRY, *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(f"zoo: error: {said}"), outcome.err
    assert "begun" not in outcome.out
    assert places() == (["small.yaml"], [])
