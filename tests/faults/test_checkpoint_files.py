"""What the file of a checkpoint can be: damaged anywhere, of another program, hostile."""

import functools
import http.server
import pickle
import random
import threading
import zipfile
from contextlib import suppress

import pytest
import torch
from hostile_files import WAYS, Payload, write

import zoo as library
from zoo.cli.errors import UserError
from zoo.cli.run.checkpoints import read_checkpoint

LAST = "runs/small/version_0/checkpoints/last.ckpt"


@pytest.fixture
def last(fitted):
    """The last checkpoint of a run."""
    return fitted / "last.ckpt"


def same(left, right):
    """Whether two checkpoints hold the same."""
    if isinstance(left, torch.Tensor):
        return isinstance(right, torch.Tensor) and torch.equal(left, right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def refusal(path):
    """Why a file cannot be read as a checkpoint; None where it can."""
    try:
        return None, read_checkpoint(str(path))
    except UserError as error:
        return str(error), None


@pytest.mark.parametrize("tries", [60, pytest.param(3000, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("how", ["a bit flips", "the rest is missing", "a sector is empty"])
def test_the_file_is_damaged_anywhere(last, tmp_path, how, tries):
    chance, content = random.Random(0), last.read_bytes()
    good, path, refused = read_checkpoint(str(last)), tmp_path / "damaged.ckpt", 0
    for _ in range(tries):
        place, damaged = chance.randrange(len(content)), bytearray(content)
        if how == "a bit flips":
            damaged[place] ^= 1 << chance.randrange(8)
        elif how == "the rest is missing":
            del damaged[place:]
        else:
            start = place // 512 * 512
            damaged[start : start + 512] = bytes(len(damaged[start : start + 512]))
        path.write_bytes(damaged)
        said, read = refusal(path)
        assert same(read, good) if said is None else "damaged.ckpt" in said, place
        refused += said is not None
    assert refused > tries / 3


def test_the_file_is_packed_until_it_fills_the_memory(last, tmp_path):
    path = tmp_path / "bomb.ckpt"
    with zipfile.ZipFile(last) as archive, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in archive.infolist():
            packed.writestr(part.filename, archive.read(part))
    said, _ = refusal(path)
    assert "cannot be read" in str(said)


FOREIGN = {
    "a state dict": lambda path: torch.save({"weight": torch.zeros(2)}, path),
    "an old pickle": lambda path: torch.save(
        {"pytorch-lightning_version": "2.6.6"}, path, _use_new_zipfile_serialization=False
    ),
    "a folder": lambda path: path.mkdir(),
    "a picture": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100)),
    "half of one": lambda path: path.write_bytes((path.parent / LAST).read_bytes()[:5000]),
    "nothing": lambda path: None,
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_the_file_is_of_another_program(zoo, folder, last, failed, kind):
    FOREIGN[kind](folder / "other.ckpt")
    for command in ("fit", "validate", "test", "predict", "inspect"):
        outcome = zoo(command, "--config", "small.yaml", "--ckpt_path", "other.ckpt")
        assert "other.ckpt" in failed(outcome, code=2)
    assert [path.name for path in (folder / "runs/small").iterdir()] == ["version_0"]


def test_a_checkpoint_is_given_in_place_of_the_folder_of_its_run(zoo, last, failed):
    assert "last.ckpt' is a file; expected the folder of a run" in failed(zoo("report", str(last)), code=2)


@pytest.mark.parametrize("how", WAYS)
def test_the_file_is_hostile(zoo, folder, last, monkeypatch, how):
    monkeypatch.syspath_prepend(str(folder))
    path = folder / "hostile.ckpt"
    write(torch.load(last, weights_only=True), path, how)
    for command in ("test", "inspect"):
        outcome = zoo(command, "--config", "small.yaml", "--ckpt_path", "hostile.ckpt")
        assert outcome.code == 2 or "payload" not in how
        assert "Traceback" not in outcome.err
    # what names code but cannot name it to anybody who listens may be refused or left aside
    with pytest.raises(pickle.UnpicklingError) if "payload" in how else suppress(ValueError, TypeError):
        library.SequenceClassifier.load_from_checkpoint(path)
    assert not (folder / "touched").exists()


def test_the_recipe_beside_a_checkpoint_is_hostile(zoo, folder, last, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    write(torch.load(last, weights_only=True), folder / "hostile.ckpt", "a class path")
    recipe = last.parent.parent / "config.yaml"
    recipe.write_text(recipe.read_text().replace("class_path: Digits", "class_path: hostile_module.Touch"))
    outcome = zoo("test", "--ckpt_path", str(last))
    assert outcome.code == 2
    assert "hostile_module" in outcome.err
    assert not (folder / "touched").exists()


@pytest.fixture
def served(folder):
    """The address of a server that hands out the working folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *arguments):
            requests.append(self.path)

    requests: list[str] = []
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        thread.join()


def test_the_file_lies_on_a_server(zoo, folder, failed, served):
    torch.save({"x": Payload()}, folder / "hostile.ckpt")
    address, requests = served
    for command in ("fit", "test", "inspect"):
        outcome = zoo(command, "--config", "small.yaml", "--ckpt_path", f"{address}/hostile.ckpt")
        assert "is an address; expected a checkpoint file" in failed(outcome, code=2)
    assert requests == []


@pytest.mark.parametrize("name", ["SequenceClassifier", "SequenceRegressor", "LanguageModel"])
def test_a_program_loads_a_hostile_file_from_a_server(folder, served, monkeypatch, name):
    monkeypatch.setenv("TORCH_HOME", str(folder / "torch"))
    torch.save({"x": Payload()}, folder / "hostile.ckpt")
    address, requests = served
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        getattr(library, name).load_from_checkpoint(f"{address}/hostile.ckpt")
    assert requests == ["/hostile.ckpt"]
    assert not (folder / "touched").exists()


def test_a_program_asks_for_a_checkpoint_to_be_run(folder):
    torch.save({"x": Payload()}, folder / "hostile.ckpt")
    with pytest.raises(ValueError, match="a checkpoint is data; got weights_only=False, expected True"):
        library.SequenceClassifier.load_from_checkpoint(folder / "hostile.ckpt", weights_only=False)
    assert not (folder / "touched").exists()


def test_the_file_is_of_another_task(last):
    with pytest.raises(ValueError, match="of a SequenceClassifier; expected one of a SequenceRegressor"):
        library.SequenceRegressor.load_from_checkpoint(last)
    with pytest.raises(ValueError, match="got direction 'bidirectional', expected 'forward'"):
        library.LanguageModel.load_from_checkpoint(last)


def test_the_file_is_of_the_task_that_a_users_own_derives_from(last):
    class Own(library.SequenceClassifier):
        pass

    assert type(Own.load_from_checkpoint(last)) is Own
