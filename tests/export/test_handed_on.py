"""A trained model as a folder: what is read back computes the same, and nothing half-written is left."""

import json
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml

import zoo as package
from zoo.export.card import _data
from zoo.export.run_facts import facts_of
from zoo.pretrained import CARD, WEIGHTS
from zoo.pretrained.hub import pull, push

pytest.importorskip("safetensors")

TOKENS = """\
seed_everything: 1
model:
  class_path: LanguageModel
  init_args:
    network: {encoder: {cell: gru, hidden_size: 8}, tie_weights: true}
data:
  class_path: TextFile
  init_args: {root: text.txt, unit: words, batch_size: 2, steps: 4}
trainer: {max_epochs: 1, accelerator: cpu}
"""


class Stub:
    """Data that has learned something; by its name it is the digits."""

    def __init__(self, learned):
        self.learned = learned

    def state_dict(self):
        return self.learned


Stub.__name__ = Stub.__qualname__ = "Digits"


@pytest.fixture
def exported(zoo, folder, trained):
    """The export of a run, which lies beside it."""
    shutil.copytree(trained / "runs", folder / "runs")
    done = zoo("export", "--ckpt_path", "runs/small", "--licence", "apache-2.0")
    assert done.code == 0, done.err
    return folder / "small-safetensors"


def test_what_is_read_back_predicts_the_same_to_the_bit(exported, folder):
    images = list(np.random.default_rng(0).random((5, 8, 8), dtype=np.float32))
    assert package.load(exported).predict(images) == package.load(folder / "runs/small").predict(images)


def test_the_cards_say_what_the_run_found(exported, folder):
    card = json.loads((exported / CARD).read_text())
    assert (card["task"], card["data"]["name"], card["licence"]) == (
        "sequence_classifier",
        "digits",
        "apache-2.0",
    )
    assert not re.search(
        r"class_path|SequenceClassifier\b|Digits\b", json.dumps({**card, "trained_with": {}})
    )
    checkpoint = torch.load(next((folder / "runs").rglob("best*.ckpt")), weights_only=True)
    best = next(
        state["best_model_score"]
        for name, state in checkpoint["callbacks"].items()
        if name.startswith("BestCheckpoint") or "best_model_score" in state
    )
    monitored = next(name for name, value in card["metrics"].items() if value == pytest.approx(float(best)))
    text = (exported / "README.md").read_text()
    assert f"| {monitored.partition('/')[2]} | {float(best):.4g} |" in text
    for heading in ("Numbers", "Gradients", "How to use it", "Limits"):
        assert f"\n## {heading}\n" in text
    for picture in re.findall(r"\]\((\S+\.png)\)", text):
        assert (exported / picture).read_bytes()[1:4] == b"PNG"
    assert yaml.safe_load((exported / "recipe.yaml").read_text())["data"]["class_path"] == "Digits"


def test_code_in_the_model_card_runs(exported, monkeypatch, capsys):
    monkeypatch.chdir(exported.parent)
    (code,) = re.findall(r"```python\n(.*?)```", (exported / "README.md").read_text(), re.DOTALL)
    exec(code, {})
    assert "label" in capsys.readouterr().out


def test_a_folder_that_is_there_is_replaced_knowingly_only(exported, zoo, folder):
    again = zoo("export", "--ckpt_path", "runs/small", "--output", exported)
    assert (again.code, "--replace" in again.err) == (2, True)
    (folder / "mine").mkdir()
    (folder / "mine/notes.txt").write_text("kept")
    other = zoo("export", "--ckpt_path", "runs/small", "--output", "mine", "--replace")
    assert (other.code, "holds no exported model" in other.err) == (2, True)
    assert zoo("export", "--ckpt_path", "runs/small", "--output", exported, "--replace").code == 0
    assert json.loads((exported / CARD).read_text())["licence"] == "unknown"
    assert [path.name for path in folder.glob(".partial-*")] == []


def test_nothing_half_written_is_left_where_writing_fails(exported, folder, monkeypatch):
    from zoo.export import handed

    before = {path.name: path.read_bytes() for path in exported.iterdir()}
    monkeypatch.setattr(handed, "RECIPE", "no/such/folder")
    with pytest.raises(OSError, match="no/such/folder"):
        handed.export_folder(folder / "runs/small", exported, replace=True)
    assert {path.name: path.read_bytes() for path in exported.iterdir()} == before
    assert [path.name for path in folder.glob(".partial-*")] == []


def test_a_vocabulary_and_tied_weights_come_along(zoo, folder):
    (folder / "text.txt").write_text("the cat sat on the mat . " * 40)
    (folder / "words.yaml").write_text(TOKENS)
    assert zoo("fit", "--config", "words.yaml").code == 0
    assert zoo("export", "--ckpt_path", "runs/words", "--output", "words").code == 0
    (folder / "text.txt").unlink()
    first, second = package.load(folder / "runs/words"), package.load(folder / "words")
    assert list(first.generate("the cat", 20)) == list(second.generate("the cat", 20))
    assert second.task.model.head.weight is second.task.model.embedding.weight


def test_a_damaged_folder_is_refused_in_a_sentence(exported):
    content = bytearray((exported / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (exported / WEIGHTS).write_bytes(content)
    with pytest.raises(ValueError, match="is not what its card was written for"):
        package.load(exported)
    (exported / CARD).write_text("{}")
    with pytest.raises(ValueError, match="is no card of an exported model"):
        package.load(exported)


def test_models_and_stacks_go_out_and_come_back(tmp_path):
    encoder = package.StackSpec(
        cell=package.GRUSpec(reset="before"), hidden_size=6, wiring="highway", num_layers=2
    )
    model = (
        package.ModelSpec(encoder=encoder, input_size=3, output_size=2, pooling="mean")
        .build()
        .double()
        .eval()
    )
    model.save_pretrained(tmp_path / "model")
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    assert torch.equal(package.Model.from_pretrained(tmp_path / "model")(x)[0], model(x)[0])
    stack = package.Stack.from_pretrained(str(tmp_path / "model"))
    assert torch.equal(stack(x)[0], model.encoder(x)[0])
    stack.save_pretrained(tmp_path / "stack")
    with pytest.raises(ValueError, match="the folder is of a stack; expected one with a model"):
        package.Model.from_pretrained(tmp_path / "stack")


def test_push_and_pull_by_a_shared_folder(exported, zoo, folder):
    assert zoo("push", exported, "./shared/digits").code == 0
    assert zoo("pull", "./shared/digits", "mine").code == 0
    for path in exported.iterdir():
        assert (folder / "mine" / path.name).read_bytes() == path.read_bytes()
    refused = zoo("pull", "./shared/digits", "mine")
    assert (refused.code, "exists" in refused.err) == (2, True)
    (folder / "shared/digits" / WEIGHTS).write_bytes(b"cut")
    assert zoo("pull", "./shared/digits", "other").code == 2
    assert not (folder / "other").exists()


def test_push_and_pull_by_the_hub(tmp_path, monkeypatch):
    """The hub itself is not reached: what is asked of its client is what its documentation says."""
    hub, model = {}, package.StackSpec(hidden_size=4).build(2)
    model.save_pretrained(tmp_path / "stack")

    class Api:
        def create_repo(self, repo_id, private, exist_ok):
            hub[repo_id] = {"private": private}

        def upload_folder(self, repo_id, folder_path):
            hub[repo_id]["folder"] = folder_path
            return f"hub/{repo_id}"

    monkeypatch.setattr("huggingface_hub.HfApi", Api)
    monkeypatch.setattr(
        "huggingface_hub.snapshot_download", lambda repo_id, revision: str(hub[repo_id]["folder"])
    )
    assert push(tmp_path / "stack", "ada/stack", private=True) == "hub/ada/stack"
    assert hub["ada/stack"]["private"]
    pull("ada/stack", tmp_path / "fetched")
    x = torch.randn(2, 3, 2)
    assert torch.equal(package.Stack.from_pretrained(tmp_path / "fetched")(x)[0], model.eval()(x)[0])
    assert torch.equal(package.Stack.from_pretrained("ada/stack")(x)[0], model(x)[0])


def test_what_an_extra_is_needed_for_is_said_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors.torch", None)
    with pytest.raises(ValueError, match=r"pip install 'recurrent-zoo\[weights\]'"):
        package.StackSpec(hidden_size=4).build(2).save_pretrained(tmp_path / "stack")


@pytest.mark.parametrize(
    "line",
    ["push small ./other --private", "push small user/name --replace", "pull ./small --revision v9"],
)
def test_an_option_that_does_nothing_there_is_refused(zoo, folder, line):
    done = zoo(*line.split())
    assert done.code == 2
    assert "expected one of them" in done.err


def test_words_that_data_has_learned_are_on_the_card_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/ho")
    learned = {"words": ["/ho", "~", "/hood"]}
    model = SimpleNamespace(data=Stub(learned))
    assert _data(model, {"zoo": {"recipe": {"data": {"init_args": {"root": "/ho/file"}}}}}) == {
        "name": "digits",
        "options": {"root": "~/file"},
        "learned": learned,
    }


def test_numbers_on_a_card_are_of_the_run_that_wrote_the_checkpoint(trained, tmp_path):
    shutil.copytree(trained / "runs", tmp_path / "runs")
    run = tmp_path / "runs/small/version_0"
    (run / "keep").mkdir()
    (own,) = (run / "checkpoints").glob("best*")
    assert facts_of(own, 4).metrics
    for elsewhere in (run / "keep", tmp_path / "runs/small/keep"):
        elsewhere.mkdir(exist_ok=True)
        assert facts_of(elsewhere / own.name, 4).metrics == {}
