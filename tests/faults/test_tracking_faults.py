"""What goes wrong with W&B costs a run nothing but W&B: it ends well, in time, and its numbers are here."""

import gc
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from lightning.pytorch import Callback

from tests.wandb_server import Server
from zoo.callbacks import CALLBACKS

pytestmark = pytest.mark.usefixtures("private_wandb")

FIT = ("fit", "--config", "small.yaml", "--trainer.log_every_n_steps=1")
LOGGED = (
    "--trainer.logger=WandbLogger",
    "--trainer.logger.init_timeout=1",
    "--trainer.logger.finish_timeout=1",
)
IN_TIME = 20.0


class InMidRun(Callback):
    """Does something after the third step."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if batch_idx == 2:
            InMidRun.happens()


@pytest.fixture
def in_mid_run(monkeypatch):
    """Sets what happens after the third step, and gives the options for it."""
    monkeypatch.setattr(CALLBACKS, "_parts", CALLBACKS._parts | {"in_mid_run": InMidRun})

    def happens(what):
        InMidRun.happens = staticmethod(what)
        return ("--trainer.callbacks+=InMidRun",)

    return happens


@pytest.fixture
def server(monkeypatch):
    """W&B's server, with a key for it."""
    started = Server()
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", started.address)
    monkeypatch.setattr("zoo.tracking.GRACE", 1.0)
    yield started
    started.close()


def metrics(version):
    return Path(f"runs/small/version_{version}/metrics.csv").read_text()


def check_told_how_to_send(out):
    """Whether the command that is told, word for word, names the folder of the run."""
    (command,) = re.findall(r"send it with: (.*)", out)
    program, verb, folder = shlex.split(command)
    assert (program, verb) == ("wandb", "sync")
    assert list(Path(folder).glob("run-*.wandb"))


def check_unharmed(zoo, *options):
    """Whether a run with these options ends in time as one without W&B does; gives what it said."""
    assert zoo(*FIT).code == 0
    began = time.monotonic()
    outcome = zoo(*FIT, *LOGGED, *options)
    assert time.monotonic() - began < IN_TIME
    assert outcome.code == 0, outcome.err
    assert metrics(1) == metrics(0)
    check_told_how_to_send(outcome.out)
    return outcome.out


ABSENT = {
    "there is no key": {},
    "the key is none": {"WANDB_API_KEY": "secret", "WANDB_BASE_URL": "http://127.0.0.1:1"},
    "nobody listens": {"WANDB_API_KEY": "a" * 40, "WANDB_BASE_URL": "http://127.0.0.1:1"},
    "the name is unknown": {"WANDB_API_KEY": "a" * 40, "WANDB_BASE_URL": "http://wandb.invalid"},
}


@pytest.mark.parametrize("environment", ABSENT.values(), ids=ABSENT)
def test_the_tracking_server_cannot_be_reached(zoo, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = check_unharmed(zoo)
    assert out.count("not online: ") == 1
    assert "this run is kept offline" in out


def test_the_tracking_server_never_answers(zoo, server):
    server.fall_silent()
    assert check_unharmed(zoo).count("not online: ") == 1


@pytest.mark.parametrize("end", ["close", "fall_silent"])
def test_the_tracking_server_dies_during_the_run(zoo, server, in_mid_run, end):
    out = check_unharmed(zoo, *in_mid_run(getattr(server, end)))
    assert "not online" not in out
    assert out.count("has not taken the best checkpoint") == 1
    assert "Error" not in out


def test_the_tracking_server_dies_and_there_is_nothing_to_send_but_numbers(zoo, server, in_mid_run):
    out = check_unharmed(zoo, *in_mid_run(server.fall_silent), "--trainer.logger.log_model=false")
    assert out.count("has broken down") == 1


def test_the_tracking_server_does_not_answer_as_it_should(zoo, server):
    out = check_unharmed(zoo)
    assert out.count("has not taken the best checkpoint: ") == 1


def kill_service():
    """Kills W&B's own process."""
    started = [each for each in gc.get_objects() if type(each) is subprocess.Popen]
    (service,) = [each for each in started if "wandb-core" in str(each.args) and each.poll() is None]
    service.kill()
    service.wait()


def test_the_process_of_the_tracking_is_killed_during_the_run(zoo, in_mid_run):
    out = check_unharmed(zoo, "--trainer.logger.offline=true", *in_mid_run(kill_service))
    assert out.count("has broken down") == 1


def test_the_folder_of_the_run_has_a_space_in_its_name(zoo, folder):
    (folder / "small.yaml").rename(folder / "my small.yaml")
    outcome = zoo("fit", "--config", "my small.yaml", *LOGGED, "--trainer.logger.offline=true")
    check_told_how_to_send(outcome.out)


def test_one_recipe_is_run_twice_with_tracking(zoo, folder):
    for _ in range(2):
        outcome = zoo(*FIT, *LOGGED, "--trainer.logger.offline=true")
        assert outcome.code == 0
        check_told_how_to_send(outcome.out)
    assert len(list(folder.glob("runs/small/version_*/config.yaml"))) == 2
    assert len(list(folder.glob("runs/small/version_*/wandb/offline-run-*/run-*.wandb"))) == 2


@pytest.mark.parametrize("place", ["recipe", "command line"])
def test_the_logger_of_lightning_is_asked_for_by_its_full_name(zoo, folder, place):
    path, options = "lightning.pytorch.loggers.WandbLogger", ()
    if place == "recipe":
        with (folder / "small.yaml").open("a") as file:
            file.write(f"  logger: {{class_path: {path}, init_args: {{offline: true}}}}\n")
    else:
        options = ("--trainer.logger", path)
    outcome = zoo(*FIT, *options)
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert path in line
    assert line.endswith("did you mean 'WandbLogger'?")
    assert not (folder / "runs").exists()
