"""A recipe and a checkpoint are data: neither can import or run anything."""

import os
import zipfile

import pytest
import torch

EVIL = """
from pathlib import Path
import lightning.pytorch as pl

Path("touched").write_text("")


class Evil(pl.LightningDataModule):
    pass
"""
HOSTILE = [
    ("class_path: Digits", "class_path: subprocess.Popen", "subprocess.Popen"),
    ("class_path: Digits", "class_path: evil_module.Evil", "--allow-import evil_module"),
    ("class_path: Digits", "class_path: evil_module", "unknown data module"),
    ("class_path: SequenceClassifier", "class_path: os.system", "os.system"),
    (
        "class_path: SequenceClassifier",
        "class_path: zoo.registry.declared.importlib.import_module",
        "import_module",
    ),
    ("cell: lstm", "cell: {class_path: evil_module.Evil}", "evil_module"),
    (
        "accelerator: cpu",
        "callbacks: [{class_path: LambdaCallback, init_args: {setup: os.system}}]",
        "unknown callback 'LambdaCallback'",
    ),
    ("accelerator: cpu", "callbacks: [evil_module.Evil]", "evil_module"),
    ("accelerator: cpu", "profiler: {class_path: evil_module.Evil}", "evil_module"),
    ("seed_everything: 3", "seed_everything: !!python/object/apply:os.system [touch touched]", "plain data"),
    ("seed_everything: 3", "allow_import: [evil_module]", "unknown key 'allow_import'"),
]


@pytest.mark.parametrize(("old", "new", "said"), HOSTILE, ids=[new for _, new, _ in HOSTILE])
def test_a_hostile_recipe_runs_nothing(zoo, folder, monkeypatch, old, new, said):
    (folder / "evil_module.py").write_text(EVIL)
    monkeypatch.syspath_prepend(str(folder))
    recipe = (folder / "small.yaml").read_text()
    assert old in recipe
    (folder / "hostile.yaml").write_text(recipe.replace(old, new, 1))
    outcome = zoo("fit", "--config", "hostile.yaml")
    assert outcome.code == 2
    assert said in outcome.err
    assert len(outcome.err.splitlines()) <= 5
    assert not (folder / "touched").exists()


def test_a_remote_recipe_is_not_fetched(zoo):
    outcome = zoo("fit", "--config", "http://127.0.0.1:1/recipe.yaml")
    assert outcome.code == 2
    assert "there is no recipe file" in outcome.err


class Payload:
    """Runs a command when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch touched",)


def checkpoint(path, kind):
    """Writes a file that is no good checkpoint."""
    good = {"state_dict": {}, "pytorch-lightning_version": "2.6.6", "x": torch.zeros(1000)}
    if kind == "malicious":
        torch.save({**good, "hyper_parameters": Payload()}, path)
    elif kind == "state dict":
        torch.save({"a.weight": torch.zeros(2)}, path)
    elif kind == "tensor":
        torch.save(torch.zeros(2), path)
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("hello")
    else:
        torch.save(good, path)
        content = bytearray(path.read_bytes())
        if kind == "truncated":
            path.write_bytes(content[: len(content) // 2])
        else:
            with zipfile.ZipFile(path) as archive:
                start = next(info.header_offset for info in archive.infolist() if "data/0" in info.filename)
            content[start + 2000] ^= 255
            path.write_bytes(content)


CHECKPOINTS = [
    ("malicious", "wants to run posix.system"),
    ("state dict", "its keys are a.weight"),
    ("tensor", "it holds a Tensor"),
    ("empty", "is empty"),
    ("text", "damaged, or cut short"),
    ("truncated", "damaged, or cut short"),
    ("flipped", "damaged, or cut short"),
]


@pytest.mark.parametrize(("kind", "said"), CHECKPOINTS)
@pytest.mark.parametrize("command", ["test", "fit"])
def test_what_is_no_checkpoint_is_named_and_runs_nothing(zoo, folder, command, kind, said):
    checkpoint(folder / "bad.ckpt", kind)
    outcome = zoo(command, "--config", "small.yaml", "--ckpt_path", "bad.ckpt")
    assert outcome.code == 2
    assert "bad.ckpt" in outcome.err
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not (folder / "touched").exists()
    assert not (folder / "runs").exists()


def test_an_address_is_no_checkpoint(zoo):
    outcome = zoo("test", "--config", "small.yaml", "--ckpt_path", "https://127.0.0.1:1/x.ckpt")
    assert outcome.code == 2
    assert "expected a checkpoint file" in outcome.err
