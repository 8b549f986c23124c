"""A limit of the recurrent gradient is for training: a checkpoint serves under another one."""

import pytest


@pytest.fixture
def checkpoint(zoo, folder):
    """The checkpoint of a run of the small recipe."""
    assert zoo("fit", "--config", "small.yaml").code == 0
    return str(folder / "runs/small/version_0/checkpoints/last.ckpt")


@pytest.mark.parametrize(
    ("command", "more"), [("fit", ("--trainer.max_epochs", "2")), ("test", ()), ("validate", ())]
)
def test_a_checkpoint_serves_under_another_limit_of_the_recurrent_gradient(zoo, checkpoint, command, more):
    limit = "--model.network.encoder.recurrent_gradient_clip=0.5"
    outcome = zoo(command, "--config", "small.yaml", "--ckpt_path", checkpoint, limit, *more)
    assert outcome.code == 0, outcome.err


def test_a_senseless_limit_is_refused_by_name(zoo, folder):
    outcome = zoo("fit", "--config", "small.yaml", "--model.network.encoder.recurrent_gradient_clip=-1")
    assert outcome.code == 2
    assert "recurrent_gradient_clip is -1" in outcome.err
    assert "Traceback" not in outcome.err
