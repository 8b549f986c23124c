"""W&B as the zoo uses it: what a run stores, and that its troubles never stop or hang a fit."""

import gc
import json
import subprocess
import time
from pathlib import Path

import pytest
import torch
from callbacks.wandb_file import _records
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

from tests.wandb_server import Server
from zoo.tracking import WandbLogger

# Lightning advises more workers where the machine has many cores.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.usefixtures("private_wandb"),
]
STEPS = 6


class Line(LightningModule):
    """The smallest thing that can be fitted."""

    def __init__(self, width=1, _class_path="internal"):
        super().__init__()
        self.save_hyperparameters()
        self.linear = torch.nn.Linear(width, 1)

    def training_step(self, batch, batch_idx):
        loss = self.linear(batch).square().mean()
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(folder, logger, *callbacks):
    """Fits the line and ends the tracking; returns the losses in the local file."""
    logger.keep_in(folder)
    local = CSVLogger(folder, name="local", version=0)
    trainer = Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=[local, logger],
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[ModelCheckpoint(monitor="train/loss"), *callbacks],
    )
    trainer.fit(Line(), DataLoader(torch.ones(STEPS, 1)))
    logger.finish()
    return (folder / "local/version_0/metrics.csv").read_text().splitlines()[1:]


def stored(folder):
    """The records in the file of the only run under a folder, by kind."""
    import wandb

    wandb.teardown()  # as at the end of a process: until then a part of the file may not be written
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = [path for path in folder.rglob("run-*.wandb") if "latest" not in str(path)]
    found = {}
    for data in _records(path.read_bytes()):
        record = Record()
        record.ParseFromString(data)
        kind = record.WhichOneof("record_type")
        found.setdefault(kind, []).append(getattr(record, kind))
    return found


def test_an_offline_run_stores_config_tags_metrics_and_the_best_checkpoint(tmp_path, capsys):
    logger = WandbLogger(project="trial", tags=["a", "b"], notes="why", group="g", offline=True)
    assert len(fit(tmp_path, logger)) == STEPS
    found = stored(tmp_path)
    (run,) = found["run"]
    assert (run.project, list(run.tags), run.notes, run.run_group) == ("trial", ["a", "b"], "why", "g")
    updates = [*run.config.update, *(item for config in found["config"] for item in config.update)]
    config = {item.key: json.loads(item.value_json) for item in updates if item.key}
    assert config["width"] == 1
    assert not {"_class_path", "_instantiator"} & set(config)
    rows = [
        {item.nested_key[0]: item.value_json for item in row.item if item.nested_key}
        for row in found["history"]
    ]
    logged = {
        int(row["trainer/global_step"]): float(row["train/loss"]) for row in rows if "train/loss" in row
    }
    assert sorted(logged) == list(range(STEPS))
    (artifact,) = found["artifact"]
    assert (artifact.type, sorted(artifact.aliases)) == ("model", ["best", "latest"])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "wandb sync" in line]
    assert list(Path(line.rpartition("wandb sync ")[2]).glob("*.wandb"))
    assert not Path("wandb").exists()


def test_without_a_key_the_run_goes_on_offline(tmp_path, capsys):
    assert len(fit(tmp_path, WandbLogger())) == STEPS
    out = capsys.readouterr().out
    assert "not online: No API key configured" in out
    assert "wandb sync " in out
    assert stored(tmp_path)["history"]


def test_with_a_server_that_refuses_the_run_goes_on_offline_within_seconds(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:1")
    began = time.monotonic()
    assert len(fit(tmp_path, WandbLogger(init_timeout=2.0))) == STEPS
    assert time.monotonic() - began < 20
    out = capsys.readouterr().out
    assert "this run is kept offline" in out
    assert "wandb sync " in out


class Kill(Callback):
    """Kills W&B's own process in mid-run."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if batch_idx == 2:
            started = [each for each in gc.get_objects() if type(each) is subprocess.Popen]
            (core,) = [each for each in started if "wandb-core" in str(each.args) and each.poll() is None]
            core.kill()
            core.wait()


def test_when_wandbs_process_dies_the_run_goes_on(tmp_path, capsys):
    logger = WandbLogger(offline=True)
    assert len(fit(tmp_path, logger, Kill())) == STEPS
    assert logger.is_lost
    out = capsys.readouterr().out
    assert out.count("has broken down") == 1
    assert "wandb sync " in out
    logger.log_metrics({"after": 1.0})
    logger.experiment.config.update({"after": 1})


class Stop(Callback):
    """Stops the server in mid-run."""

    def __init__(self, server):
        self.server = server

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if batch_idx == 2:
            self.server.close()


def test_a_server_that_dies_does_not_hold_up_the_end(tmp_path, capsys, monkeypatch):
    server = Server()
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", server.address)
    logger = WandbLogger(finish_timeout=2.0, log_model=False)
    assert len(fit(tmp_path, logger, Stop(server))) == STEPS
    assert "mode" not in logger._wandb_init  # it did begin online
    out = capsys.readouterr().out
    assert "Timed out finishing run" in out
    assert "wandb sync " in out


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
@pytest.mark.parametrize("name", ["init_timeout", "finish_timeout"])
def test_a_timeout_is_a_positive_number(name, seconds):
    with pytest.raises(ValueError, match=rf"{name} is .*expected a positive number of seconds"):
        WandbLogger(**{name: seconds})
