"""`--ckpt_path last`: the newest checkpoint of the recipe's runs, or the one before it if that is damaged."""

import os
import shutil

import pytest
import torch
from hostile_files import Payload

FIT = ("fit", "--config", "small.yaml")
RUN = "runs/small/version_0/checkpoints"


DAMAGE = {
    "is cut short": (lambda path: os.truncate(path, path.stat().st_size // 2), "damaged, or cut short"),
    "is empty": (lambda path: os.truncate(path, 0), "is empty"),
    "is a text": (lambda path: path.write_text("hello"), "damaged, or cut short"),
    "wants to run something": (lambda path: torch.save({"x": Payload()}, path), "wants to run posix.system"),
}


def test_the_last_checkpoint_is_taken_and_named(zoo, folder, fitted):
    outcome = zoo(*FIT, "--ckpt_path=last", "--trainer.max_epochs=2")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[0] == f"from      {RUN}/last.ckpt"
    newest = "runs/small/version_1/checkpoints/last.ckpt"
    assert torch.load(folder / newest, weights_only=True)["global_step"] == 8
    tested = zoo("test", "--config", "small.yaml", "--ckpt_path", "last")
    assert tested.out.splitlines()[0] == f"from      {newest}"


@pytest.mark.parametrize("how", DAMAGE)
def test_the_last_checkpoint(zoo, folder, fitted, how):
    damage, said = DAMAGE[how]
    damage(fitted / "last.ckpt")
    outcome = zoo("validate", "--config", "small.yaml", "--ckpt_path", "last")
    assert outcome.code == 0, outcome.err
    (warning,) = outcome.err.splitlines()
    assert warning.startswith(f"zoo: the checkpoint {RUN}/last.ckpt ")
    assert said in warning
    assert warning.endswith("; taking the one before it")
    assert outcome.out.splitlines()[0] == f"from      {RUN}/best-epoch1.ckpt"
    assert not (folder / "touched").exists()
    named = zoo("validate", "--config", "small.yaml", "--ckpt_path", str(fitted / "last.ckpt"))
    assert named.code == 2, "a checkpoint that is named is taken or refused, never replaced"


def test_the_newest_run_has_saved_nothing_yet(zoo, folder, fitted):
    (folder / "runs/small/version_7/checkpoints").mkdir(parents=True)
    outcome = zoo("test", "--config", "small.yaml", "--ckpt_path", "last")
    assert outcome.out.splitlines()[0] == f"from      {RUN}/last.ckpt"


def test_all_checkpoints_are_damaged(zoo, folder, fitted, failed):
    for path in fitted.iterdir():
        path.write_bytes(b"")
    outcome = zoo(*FIT, "--ckpt_path", "last")
    assert outcome.code == 2
    assert "none of the checkpoints in runs/small can be read; the newest is" in outcome.err
    assert f"{RUN}/last.ckpt" in outcome.err
    assert len(outcome.err.splitlines()) == 3
    assert not (folder / "runs/small/version_1").exists()


def test_there_is_no_checkpoint_yet(zoo, folder, failed):
    outcome = zoo("test", "--config", "small.yaml", "--ckpt_path", "last")
    assert "there is no checkpoint in runs/small; test needs one" in failed(outcome, code=2)
    begun = zoo(*FIT, "--ckpt_path", "last")
    assert begun.code == 0, begun.err
    assert begun.out.splitlines()[0] == "from      the beginning: there is no checkpoint in runs/small yet"


def test_the_last_checkpoint_is_of_another_model(zoo, folder, fitted):
    outcome = zoo(*FIT, "--ckpt_path", "last", "--model.network.encoder.cell", "gru")
    assert outcome.code == 2
    assert f"the checkpoint {RUN}/last.ckpt is of another model" in outcome.err


def test_a_recipe_asks_for_the_last_checkpoint_somewhere_else(zoo, folder, fitted):
    (folder / "elsewhere").mkdir()
    shutil.move(folder / "runs", folder / "elsewhere/runs")
    recipe = (folder / "small.yaml").read_text()
    (folder / "small.yaml").write_text(f"{recipe}ckpt_path: last\n")
    outcome = zoo("test", "--config", "small.yaml", "--trainer.default_root_dir", "elsewhere")
    assert outcome.out.splitlines()[0] == f"from      elsewhere/{RUN}/last.ckpt"
