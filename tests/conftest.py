"""What all tests share: one thread, a small recipe and running `zoo` in this process, a W&B to itself.

A second thread helps small products little, and hurts on a busy machine: threads that outnumber its cores
wait for one another, and seconds become minutes.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"  # and in the processes that tests start

RECIPE = """\
seed_everything: 3
model:
  class_path: SequenceClassifier
  init_args:
    network:
      encoder: {cell: lstm, hidden_size: 8, num_layers: 2, direction: bidirectional, wiring: residual,
                dropout: 0.1}
      pooling: max
    optimizer: {name: Adam, lr: 0.01}
data:
  class_path: Digits
  init_args: {batch_size: 32}
trainer:
  max_epochs: 1
  limit_train_batches: 4
  limit_val_batches: 1
  limit_test_batches: 2
  accelerator: cpu
"""


LONG = (
    "test_notebooks",
    "test_leaks",
    "test_readme",
    "test_saved_models",
    "test_cli_own_cell",
    "test_triton",
)
"""Files whose single tests take longest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These come first, so that at the end no process waits for another."""
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(scope="session", autouse=True)
def _compiled_libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the compiled engine makes is kept for this run of the tests, not in the cache of the user.

    All processes of the run share it, beside the folders that each of them has of its own.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "libraries"
    folder.mkdir(mode=0o700, exist_ok=True)
    before = os.environ.get("ZOO_CACHE")
    os.environ["ZOO_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["ZOO_CACHE"]
    else:
        os.environ["ZOO_CACHE"] = before


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """No test reaches beyond this machine."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"a test wants to connect to {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("socket.socket.connect", connect_here)
        yield


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder with the recipe `small.yaml`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZOO_DEBUG", raising=False)
    monkeypatch.delenv("ZOO_ALLOW_IMPORT", raising=False)
    monkeypatch.setattr("sys.argv", ["zoo"])
    (tmp_path / "small.yaml").write_text(RECIPE)
    return tmp_path


@pytest.fixture
def zoo(folder, capsys):
    """Runs a command line and returns its exit code and what it printed."""
    from zoo.cli import main  # after the plug-in that checks shapes has begun to watch imports

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def kept_folders(tmp_path_factory):
    """Where `once` keeps what was made for the next test."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def once(folder, kept_folders):
    """Has a function fill the working folder the first time; later tests get a copy of what it wrote."""

    def fill(name, make):
        kept = kept_folders / name
        if kept.exists():
            shutil.copytree(kept, folder, dirs_exist_ok=True)
        else:
            make()
            shutil.copytree(folder, kept)

    return fill


@pytest.fixture
def private_wandb(tmp_path, monkeypatch):
    """A W&B that knows no key and writes nowhere but to the temporary folder."""
    import wandb

    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name in ("CACHE_DIR", "CONFIG_DIR", "DATA_DIR", "ARTIFACT_DIR"):
        (tmp_path / name.lower()).mkdir()
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / name.lower()))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    wandb.teardown()
    yield
    wandb.teardown()
