"""`zoo fit --ckpt_path`: what is another recipe's is said or refused, and the best so far stays the best."""

import os
import signal

import pytest
import torch

from zoo.tasks.sequence_classifier import SequenceClassifier

FIT = ("fit", "--config", "small.yaml", "--test_after_fit=false")
CHECKPOINTS = "runs/small/version_0/checkpoints"


@pytest.fixture
def last(zoo):
    """A checkpoint from the end of epoch 1."""
    assert zoo(*FIT).code == 0
    return f"{CHECKPOINTS}/last.ckpt"


@pytest.fixture
def interrupted(zoo, monkeypatch):
    """A checkpoint from within epoch 1, after 2 batches."""
    step, batches = SequenceClassifier.training_step, []

    def step_and_interrupt(self, batch, index):
        batches.append(index)
        if len(batches) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch, index)

    with monkeypatch.context() as patched:
        patched.setattr(SequenceClassifier, "training_step", step_and_interrupt)
        outcome = zoo(*FIT)
    path = f"{CHECKPOINTS}/interrupted.ckpt"
    assert outcome.code == 143
    assert f"saved     {path}; go on with --ckpt_path {path}" in outcome.out
    return path


def resumed(outcome):
    """What is said of the recipe with which a run goes on."""
    assert outcome.code == 0, outcome.err
    return [line.split("; ", 1)[1] for line in outcome.out.splitlines() if line.startswith("resumed")]


def test_a_run_that_was_interrupted_ends_like_one_that_was_not(zoo, folder, interrupted):
    assert resumed(zoo(*FIT, "--ckpt_path", interrupted)) == []
    assert zoo(*FIT).code == 0
    ends = [torch.load(folder / f"runs/small/version_{run}/checkpoints/last.ckpt") for run in (1, 2)]
    assert ends[0]["global_step"] == ends[1]["global_step"] == 4
    for name, weight in ends[0]["state_dict"].items():
        assert torch.equal(weight, ends[1]["state_dict"][name])


def test_the_same_recipe_has_nothing_to_say(zoo, last):
    assert resumed(zoo(*FIT, "--ckpt_path", last, "--trainer.max_epochs=2")) == []


def test_another_recipe_is_named(zoo, last):
    options = ("--data.batch_size=16", "--trainer.precision=bf16-mixed", "--seed_everything=4")
    clipping = ("--trainer.callbacks+=GradientClipping", "--trainer.callbacks.max_norm=1")
    assert resumed(zoo(*FIT, "--ckpt_path", last, "--trainer.max_epochs=2", *options, *clipping)) == [
        "data.batch_size was 32, is 16; trainer.precision was unset, is 'bf16-mixed'; "
        "trainer.callbacks.GradientClipping was unset, is 'GradientClipping': training goes on, but not as "
        "it would have; seed_everything was 3, is 4, which has no effect: random numbers go on as they were"
    ]


def test_another_model_is_refused(zoo, last):
    outcome = zoo(*FIT, "--ckpt_path", last, "--model.network.encoder.hidden_size=9")
    assert outcome.code == 2
    assert "network.encoder.hidden_size is 8 in the checkpoint, 9 in the recipe" in outcome.err


def test_other_data_within_an_epoch_is_refused(zoo, folder, interrupted):
    outcome = zoo(*FIT, "--ckpt_path", interrupted, "--data.batch_size=16", "--data.num_workers=1")
    assert outcome.code == 2
    assert outcome.err == (
        f"zoo: error: the checkpoint {interrupted} is from within epoch 1, after 2 batches, and "
        f"data.batch_size was 32, is 16; expected the same data, or a checkpoint from the end of an epoch\n"
    )
    assert not (folder / "runs/small/version_1").exists()


def test_a_checkpoint_without_a_recipe_is_none_to_compare_with(zoo, folder, last):
    checkpoint = torch.load(last)
    del checkpoint["zoo"]["recipe"]
    torch.save(checkpoint, folder / "old.ckpt")
    assert resumed(zoo(*FIT, "--ckpt_path=old.ckpt", "--trainer.max_epochs=2", "--data.batch_size=16")) == []


def test_the_best_so_far_stays_the_best(zoo, folder, last):
    checkpoint = torch.load(last)
    checkpoint["optimizer_states"][0]["param_groups"][0]["lr"] = 1000.0  # it can only become worse
    torch.save(checkpoint, last)
    outcome = zoo(*FIT, "--ckpt_path", last, "--trainer.max_epochs=2")
    best = f"{CHECKPOINTS}/best-epoch1.ckpt"
    assert f"best      {best}" in outcome.out
    assert (folder / best).is_file()


def test_a_best_that_is_gone_is_none(zoo, folder, last):
    (folder / CHECKPOINTS / "best-epoch1.ckpt").unlink()
    outcome = zoo(*FIT, "--ckpt_path", last, "--trainer.max_epochs=2")
    assert "best      runs/small/version_1/checkpoints/best-epoch2.ckpt" in outcome.out
