"""What a run leaves behind and prints; how it is resumed, tested and repeated."""

import csv
import signal
import sys

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from zoo.cli.run.checkpoints import AtomicCheckpointIO
from zoo.report.run import read_run
from zoo.verdict.measured import measurements_of

FIT = ("fit", "--config", "small.yaml")


def metrics(path, name):
    """The values of a column of metrics.csv."""
    with (path / "metrics.csv").open() as file:
        return [row[name] for row in csv.DictReader(file) if row.get(name)]


@pytest.fixture
def fitted(zoo, folder, once):
    """The folder of a run of the small recipe."""

    def fit():
        assert zoo(*FIT).code == 0

    once("run", fit)
    return folder / "runs/small/version_0"


def test_a_fit_reports_trains_tests_and_keeps_everything(zoo, folder):
    outcome = zoo(*FIT)
    assert outcome.code == 0
    said = outcome.err.splitlines()
    assert [line for line in said if not line.startswith("zoo: compiling the recurrence with")] == []
    lines = outcome.out.splitlines()
    assert [line.split()[0] for line in lines] == ["model", "run", "epoch", "test", "best"]
    assert "SequenceClassifier bi-lstm-2x8-residual,dropout=0.1, 2,986 parameters" in lines[0]
    assert lines[1].endswith("runs/small/version_0")
    assert "1/1  train/loss " in lines[2]
    assert "val/accuracy" in lines[2]
    assert "test/accuracy" in lines[3]
    run = folder / "runs/small/version_0"
    assert (run / "checkpoints/last.ckpt").is_file()
    assert len(list((run / "checkpoints").glob("best-*.ckpt"))) == 1
    assert list(run.glob("events.out.tfevents.*"))
    assert metrics(run, "test/accuracy")


def test_a_run_has_one_file_of_events_for_all_that_it_did(zoo, folder):
    watching = ("--trainer.callbacks+=GradientHistogram", "--trainer.callbacks+=RecurrenceHealth")
    assert zoo(*FIT, *watching, "--trainer.log_every_n_steps=1").code == 0
    (path,) = (folder / "runs/small/version_0").glob("events.out.tfevents.*")
    tags = EventAccumulator(str(path)).Reload().Tags()
    assert {"train/loss", "val/loss", "test/loss", "hp_metric"} <= set(tags["scalars"])
    assert "gradients" in tags["images"]


def test_running_a_recipe_twice_keeps_both_and_gives_the_same_numbers(zoo, folder, fitted):
    assert zoo(*FIT, "--trainer.max_epochs", "1").code == 0
    second = folder / "runs/small/version_1"
    assert metrics(fitted, "val/loss") == metrics(second, "val/loss")
    assert (fitted / "config.yaml").is_file()
    assert (second / "config.yaml").is_file()


def test_the_kept_recipe_is_complete_and_runs_again(zoo, folder, fitted):
    kept = yaml.safe_load((fitted / "config.yaml").read_text())
    assert kept["seed_everything"] == 3
    assert kept["model"]["init_args"]["network"]["encoder"]["cell"]["init_args"]["forget_bias"] == 1.0
    assert zoo("fit", "--config", str(fitted / "config.yaml")).code == 0
    assert metrics(folder / "runs/small/version_1", "val/loss") == metrics(fitted, "val/loss")


def test_a_checkpoint_alone_brings_its_recipe(zoo, fitted):
    path = str(fitted / "checkpoints/last.ckpt")
    again = zoo("test", "--ckpt_path", path)
    assert again.code == 0
    tested = float(metrics(fitted, "test/loss")[0])
    assert f"test/loss {tested:.4g}" in again.out
    assert "val/loss" in zoo("validate", "--ckpt_path", path).out


def test_predict_writes_its_predictions(zoo, folder, fitted):
    path = str(fitted / "checkpoints/last.ckpt")
    assert zoo("predict", "--ckpt_path", path).code == 0
    assert zoo("predict", "--ckpt_path", path, "--output=raw.pt").code == 0
    predictions = torch.cat(torch.load(folder / "raw.pt", weights_only=True))
    with (folder / "runs/small/predict_0/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["label"]) for row in rows] == predictions.argmax(-1).tolist()
    assert [float(row["probability_3"]) for row in rows] == pytest.approx(predictions[:, 3].tolist())
    assert len(rows) == 270


@pytest.mark.parametrize("ending", [".xls", ""])
def test_predictions_in_an_unknown_format_are_refused(zoo, folder, fitted, ending):
    outcome = zoo("predict", "--ckpt_path", str(fitted / "checkpoints/last.ckpt"), f"--output=said{ending}")
    assert outcome.code == 2
    assert "expected one of .csv, .jsonl, .parquet" in outcome.err
    assert not (folder / "runs/small/predict_0").exists()


def test_a_fit_goes_on_from_its_checkpoint(zoo, folder, fitted):
    path = str(fitted / "checkpoints/last.ckpt")
    assert zoo(*FIT, "--ckpt_path", path, "--trainer.max_epochs", "2").code == 0
    steps = metrics(folder / "runs/small/version_1", "step")
    assert int(steps[0]) == 7  # four steps were done before
    done = zoo(*FIT, "--ckpt_path", path)
    assert done.code == 2
    assert "nothing was trained" in done.err


OVERRIDES = [
    ("fit", "--model.optimizer.lr=0.5", ["optimizer.lr is 0.01", "0.5", "start a new run"]),
    ("fit", "--model.network.encoder.dropout=0.5", ["network.encoder.dropout is 0.1", "0.5"]),
    ("fit", "--model.schedule.name=ConstantLR", ["schedule is None in the checkpoint"]),
    ("test", "--model.network.encoder.cell=gru", ["cell.name is 'lstm'", "'gru'"]),
    ("test", "--model.network.encoder.hidden_size=16", ["hidden_size is 8 in the checkpoint, 16"]),
    ("validate", "--model.optimizer.lr=0.5", ["--model.optimizer.lr makes no difference"]),
    ("test", "--model=SequenceRegressor", ["is of a SequenceClassifier", "SequenceRegressor"]),
]


@pytest.mark.parametrize(("command", "option", "said"), OVERRIDES)
def test_an_override_beside_a_checkpoint_is_refused_not_ignored(zoo, folder, fitted, command, option, said):
    path = str(fitted / "checkpoints/last.ckpt")
    outcome = zoo(command, "--config", "small.yaml", option, "--ckpt_path", path)
    assert outcome.code == 2
    for words in said:
        assert words in outcome.err
    assert not (folder / "runs/small/version_1").exists()


def test_an_override_beside_a_checkpoint_that_can_take_effect_does(zoo, fitted):
    path = str(fitted / "checkpoints/last.ckpt")
    whole = zoo("test", "--config", "small.yaml", "--ckpt_path", path)
    part = zoo("test", "--config", "small.yaml", "--ckpt_path", path, "--data.test_fraction", "0.3")
    slow = zoo(
        "test", "--config", "small.yaml", "--ckpt_path", path, "--model.network.encoder.engine=reference"
    )
    assert (whole.code, part.code, slow.code) == (0, 0, 0)
    assert whole.out != part.out


def test_names_on_the_command_line(zoo, folder):
    outcome = zoo(
        *("fit", "--model", "sequence_classifier", "--model.network.pooling", "max", "--data", "digits"),
        *("--model.network.encoder.cell", "gru", "--model.network.encoder.cell.reset", "before"),
        *("--model.network.encoder.hidden_size", "6", "--trainer.callbacks+=gradient_clipping"),
        *("--trainer.callbacks.max_norm=1.0", "--trainer.callbacks+=EarlyStopping"),
        *("--trainer.callbacks.monitor=val/loss", "--trainer.callbacks+=LearningRateMonitor"),
        *("--trainer.max_epochs", "1", "--trainer.limit_train_batches", "2", "--test_after_fit", "false"),
    )
    assert outcome.code == 0, outcome.err
    assert "gru-1x6,cell.reset=before" in outcome.out
    assert "test/" not in outcome.out
    kept = yaml.safe_load((folder / "runs/run/version_0/config.yaml").read_text())
    names = [each["class_path"].rpartition(".")[2] for each in kept["trainer"]["callbacks"]]
    assert names == ["GradientClipping", "EarlyStopping", "LearningRateMonitor"]


def test_an_added_logger_joins_the_local_file(zoo, folder):
    assert zoo(*FIT, "--trainer.logger", "TensorBoardLogger", "--trainer.logger.save_dir", "tb").code == 0
    assert metrics(folder / "runs/small/version_0", "val/loss")
    assert (folder / "tb").is_dir()


def test_no_logger_means_no_run_folder(zoo, folder):
    outcome = zoo(*FIT, "--trainer.logger", "false", "--trainer.enable_checkpointing", "false")
    assert outcome.code == 0
    assert not (folder / "runs").exists()


def test_a_users_own_module_is_let_in(zoo, folder, monkeypatch):
    (folder / "own_parts.py").write_text(OWN)
    monkeypatch.setattr("sys.path", [*sys.path])
    refused = zoo(*FIT, "--model", "own_parts.Own")
    assert refused.code == 2
    assert "--allow-import own_parts" in refused.err
    allowed = zoo("--allow-import", "own_parts", *FIT, "--model", "Own", "--model.cell", "lstm")
    assert allowed.code == 0, allowed.err
    assert "Own, 650 parameters" in allowed.out
    monkeypatch.setenv("ZOO_ALLOW_IMPORT", "own_parts")
    assert zoo(*FIT, "--model", "Own", "--model.cel", "lstm").err.count("did you mean 'cell'") == 1


OWN = """
import lightning.pytorch as pl
import torch
from torch.nn import functional as F


class Own(pl.LightningModule):
    def __init__(self, cell: str = "none"):
        super().__init__()
        self.save_hyperparameters()
        self.linear = torch.nn.Linear(64, 10)

    def training_step(self, batch, batch_idx):
        return F.cross_entropy(self.linear(batch["x"].flatten(1)), batch["y"])

    def validation_step(self, batch, batch_idx):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)
"""


@pytest.fixture
def handlers():
    """A terminal's signal handlers, which a background job lacks; put back, since Lightning changes them."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupted_run_saves_and_says_so(zoo, folder, monkeypatch, name, code):
    (folder / f"interrupts_{name}.py").write_text(INTERRUPTS.format(name=name))
    monkeypatch.setattr("sys.path", [*sys.path])
    outcome = zoo(
        *("--allow-import", f"interrupts_{name}", *FIT, "--trainer.max_epochs", "3"),
        *("--trainer.callbacks", f"interrupts_{name}.Interrupt"),
    )
    assert outcome.code == code
    path = "runs/small/version_0/checkpoints/interrupted.ckpt"
    assert f"--ckpt_path {path}" in outcome.out
    assert torch.load(folder / path, weights_only=True)["global_step"] == 3
    assert zoo(*FIT, "--ckpt_path", path).code == 0


INTERRUPTS = """
import os
import signal

from lightning.pytorch import Callback


class Interrupt(Callback):
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.global_step == 3:
            os.kill(os.getpid(), signal.{name})
"""


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    plugin = AtomicCheckpointIO()
    plugin.save_checkpoint({"step": 1}, path)

    def fail(checkpoint, file):
        file.write(b"half of it")
        try:
            raise OSError(28, "No space left on device")
        except OSError:
            raise RuntimeError("inline_container.cc")  # noqa: B904 (as torch does)

    monkeypatch.setattr("torch.save", fail)
    with pytest.raises(OSError, match=r"cannot write the checkpoint: No space left on device.*last\.ckpt"):
        plugin.save_checkpoint({"step": 2}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]


def test_the_last_checkpoint_is_of_the_last_epoch_however_bad(zoo, folder):
    longer = ("--trainer.max_epochs=3", "--model.optimizer.name=SGD", "--model.optimizer.lr=1000.0")
    assert zoo(*FIT, *longer).code == 0
    checkpoints = folder / "runs/small/version_0/checkpoints"
    (best,) = checkpoints.glob("best-*.ckpt")
    last = torch.load(checkpoints / "last.ckpt", weights_only=True)
    assert last["epoch"] == 2
    assert last["epoch"] > torch.load(best, weights_only=True)["epoch"]


def test_only_training_makes_what_looks_like_a_training(zoo, folder, fitted):
    checkpoint = fitted / "checkpoints/last.ckpt"
    for command in ("test", "validate", "predict", "test"):
        assert zoo(command, "--ckpt_path", checkpoint).code == 0
    names = {path.name for path in (folder / "runs/small").iterdir()}
    assert names == {"version_0", "test_0", "validate_0", "predict_0", "test_1"}
    kept = {path.name for path in (folder / "runs/small/test_0").iterdir()}
    assert kept == {"config.yaml", "environment.json", "hparams.yaml", "metrics.csv"}
    assert zoo("report", "runs/small").out.startswith("report    runs/small/version_0/report.html")


def test_files_with_names_of_ones_own_are_found(zoo, folder):
    own = ("--trainer.callbacks+=GradientHistogram", "--trainer.callbacks.file=mine.jsonl")
    lags = ("--trainer.callbacks+=GradientThroughTime", "--trainer.callbacks.file=lags.jsonl")
    often = ("--trainer.callbacks.every_n_steps=1",)
    outcome = zoo(*FIT, *own, *often, *lags, *often, "--test_after_fit=false")
    run = folder / "runs/small/version_0"
    assert "Nothing was measured" not in outcome.out
    assert "picture   runs/small/version_0/mine.png\npicture   runs/small/version_0/lags.png" in outcome.out
    usual = folder / "runs/usual/version_0"
    usual.mkdir(parents=True)
    for name, other in (("mine.jsonl", "gradients.jsonl"), ("lags.jsonl", "through_time.jsonl")):
        (usual / other).write_bytes((run / name).read_bytes())
    for name in ("config.yaml", "metrics.csv"):
        (usual / name).write_bytes((run / name).read_bytes())
    assert measurements_of(run) == measurements_of(usual)
    assert measurements_of(run).layers
    assert measurements_of(run).gradients
    page = read_run(run, "own", 0)
    assert page.timeline is not None
    assert page.lags
