"""Weights in files: read as data, and refused in one sentence."""

import json
import os

import numpy as np
import pytest
import torch
from torch import nn

import zoo

LAYER = nn.LSTM(3, 4)


def test_state_dicts_are_read(tmp_path):
    torch.save({"model": {"net": LAYER.state_dict()}, "step": 3}, tmp_path / "a.pth")
    stack = zoo.from_weights("torch", tmp_path / "a.pth", part="model/net")
    assert torch.equal(stack.cells()[0].weight_ih, LAYER.weight_ih_l0)
    torch.save({f"net.{name}": tensor for name, tensor in LAYER.state_dict().items()}, tmp_path / "b.pt")
    assert zoo.from_weights("torch", str(tmp_path / "b.pt"), part="net").spec == stack.spec


def test_arrays_of_numpy_are_read(tmp_path):
    np.savez(tmp_path / "a.npz", **{name: tensor.numpy() for name, tensor in LAYER.state_dict().items()})
    stack = zoo.from_weights("torch", tmp_path / "a.npz")
    assert torch.equal(stack.cells()[0].weight_hh, LAYER.weight_hh_l0)


def test_safetensors_are_read(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    safetensors.save_file(LAYER.state_dict(), tmp_path / "a.safetensors")
    stack = zoo.from_weights("torch", tmp_path / "a.safetensors")
    assert torch.equal(stack.cells()[0].weight_hh, LAYER.weight_hh_l0)


def test_safetensors_in_several_files_are_read_by_their_index(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    shards = {name: f"model-{k}.safetensors" for k, name in enumerate(LAYER.state_dict())}
    for name, shard in shards.items():
        safetensors.save_file({name: LAYER.state_dict()[name]}, tmp_path / shard)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": shards}))
    stack = zoo.from_weights("torch", index)
    assert torch.equal(stack.cells()[0].weight_hh, LAYER.weight_hh_l0)


def test_an_index_names_files_beside_it_only(tmp_path):
    (tmp_path / "a").mkdir()
    for shard in ("../b.safetensors", "/etc/passwd"):
        (tmp_path / "a" / "index.json").write_text(json.dumps({"weight_map": {"weight": shard}}))
        with pytest.raises(ValueError, match=f"index.json cannot be read as data .it names '{shard}'"):
            zoo.from_weights("torch", tmp_path / "a" / "index.json")


def test_hdf5_is_read(tmp_path):
    h5py = pytest.importorskip("h5py")
    arrays = zoo.to_weights("keras", zoo.StackSpec(hidden_size=4).build(3))
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        for k, array in enumerate(arrays.values()):
            file[f"layers/lstm/cell/vars/{k}"] = array
    back = zoo.to_weights("keras", zoo.from_weights("keras", tmp_path / "a.weights.h5"))
    assert all((back[name] == array).all() for name, array in arrays.items())


class Runs:
    def __reduce__(self):
        return os.mkdir, ("ran",)


def test_nothing_in_a_file_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Runs()}, "a.pth")
    torch.save(LAYER, "whole.pth")
    np.savez("a.npz", weight=np.array([Runs()], dtype=object))
    for name in ("a.pth", "whole.pth", "a.npz"):
        with pytest.raises(ValueError, match=f"^{name} cannot be read as data") as caught:
            zoo.from_weights("torch", name)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path):
    torch.save([LAYER.weight_ih_l0], tmp_path / "list.pt")
    (tmp_path / "empty.npz").touch()
    for name, said in [
        ("none.pt", "there is no file"),
        ("a.onnx", "of no known kind; expected .pt"),
        ("list.pt", "holds a list; expected a mapping"),
        ("empty.npz", "cannot be read as data"),
    ]:
        with pytest.raises(ValueError, match=said):
            zoo.from_weights("torch", tmp_path / name)


def test_a_part_is_found_or_named():
    weights = {f"encoder.lstm.{name}": tensor for name, tensor in LAYER.state_dict().items()}
    with pytest.raises(
        ValueError, match=r"no weights begin with 'encoder.lstn', got 'encoder.lstm.weight_ih_l0'"
    ):
        zoo.from_weights("torch", weights, part="encoder.lstn")
    with pytest.raises(ValueError, match="there is no 'weight_ih_l0' among the weights; did you mean"):
        zoo.from_weights("torch", weights)
