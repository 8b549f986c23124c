"""What can happen to the folder of a run, before it begins and while it goes on."""

import errno

import pytest
import torch

FIT = ("fit", "--config", "small.yaml")
EPOCH_1 = {"best-epoch1.ckpt": 0, "last.ckpt": 0}


def epochs(folder):
    """The epochs of a folder's files, all of which are checkpoints that can be loaded."""
    return {path.name: torch.load(path, weights_only=True)["epoch"] for path in folder.iterdir()}


def full(*arguments, **options):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_disk_fills_while_saving(folder, fit_until, failed):
    said = failed(fit_until("the_disk_fills"))
    assert said == (
        "zoo: error: cannot write the checkpoint: File too large: "
        "runs/small/version_0/checkpoints/best-epoch2.ckpt"
    )
    assert epochs(folder / "runs/small/version_0/checkpoints") == EPOCH_1


def test_the_disk_is_full_when_a_checkpoint_is_to_be_on_it(zoo, folder, monkeypatch, failed):
    monkeypatch.setattr("os.fsync", full)
    assert "cannot write the checkpoint: No space left on device" in failed(zoo(*FIT))
    assert not list((folder / "runs/small/version_0").rglob("*.ckpt"))
    assert not list((folder / "runs/small/version_0").rglob(".*"))


def test_the_disk_fills_while_predictions_are_written(zoo, folder, monkeypatch, failed):
    assert zoo(*FIT).code == 0
    monkeypatch.setattr("os.fsync", full)
    outcome = zoo("predict", "--ckpt_path", "runs/small/version_0/checkpoints/last.ckpt")
    assert "cannot write the predictions: No space left on device" in failed(outcome)
    assert not list((folder / "runs").rglob("*.pt"))
    assert not list((folder / "runs").rglob(".*"))


def test_the_disk_is_full_when_the_run_begins(zoo, folder, monkeypatch, failed):
    def write(path, *arguments, **options):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_text", write)
        said = failed(zoo(*FIT))
    assert "No space left on device: runs/small/version_0/config.yaml" in said
    assert not list((folder / "runs").rglob("version_*"))


@pytest.mark.parametrize("happening", ["the_folder_is_removed", "the_folder_is_renamed"])
@pytest.mark.parametrize(
    "logger", [(), ("--trainer.logger=TensorBoardLogger", "--trainer.logger.save_dir=tb")]
)
def test_the_folder_of_the_run_goes_while_it_trains(folder, fit_until, failed, happening, logger):
    outcome = fit_until(happening, *logger)
    assert "the folder of the run, runs/small/version_0, is gone" in failed(outcome)
    left = sorted(path.name for path in (folder / "runs/small").iterdir())
    assert left == (["renamed"] if happening == "the_folder_is_renamed" else [])
    if left:
        assert epochs(folder / "runs/small/renamed/checkpoints") == EPOCH_1


def test_the_folder_of_the_run_can_no_longer_be_written_to(folder, fit_until, failed):
    assert "cannot write the checkpoint: " in failed(fit_until("the_checkpoints_become_a_file"))
    assert epochs(folder / "runs/small/version_0/good") == EPOCH_1


PLACES = {
    "a file": lambda place: place.write_text(""),
    "below a file": lambda place: place.parent.write_text(""),
    "a link to nowhere": lambda place: place.symlink_to("/nonexistent/folder"),
}


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("name", ["runs/small", "out/runs", "out/runs/small"])
def test_the_output_folder_cannot_be_made(zoo, folder, failed, name, kind):
    place = folder / name
    if kind != "below a file":
        place.parent.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.parent.mkdir(parents=True, exist_ok=True)
    PLACES[kind](place)
    root = () if name.startswith("runs") else ("--trainer.default_root_dir", "out")
    outcome = zoo(*FIT, *root)
    said = failed(outcome, code=2)
    assert f"no folder for the run can be made in {name.split('runs')[0]}runs/small" in said
    assert "--trainer.default_root_dir" in said
    assert outcome.out == ""


@pytest.mark.parametrize("problem", ["a file", "read-only"])
def test_the_folder_for_checkpoints_cannot_be_written_to(zoo, folder, monkeypatch, failed, problem):
    if problem == "a file":
        (folder / "kept").write_text("")
    else:
        monkeypatch.setattr("zoo.runs.atomic_file._opened", read_only)
    outcome = zoo(*FIT, "--trainer.callbacks=ModelCheckpoint", "--trainer.callbacks.dirpath=kept")
    assert "checkpoints cannot be written to" in failed(outcome, code=2)
    assert "kept" in outcome.err
    assert outcome.out == ""
    assert not list((folder / "runs").rglob("version_*"))


def read_only(folder):
    raise OSError(errno.EROFS, "Read-only file system", str(folder))


def test_the_folder_for_checkpoints_is_there_only_when_it_is_asked_for(zoo, folder):
    assert zoo(*FIT, "--trainer.enable_checkpointing=false").code == 0
    assert not (folder / "runs/small/version_0/checkpoints").exists()
    assert not list((folder / "runs").rglob(".*"))
