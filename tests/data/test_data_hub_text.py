"""Hugging Face data sets on disk; the package is optional, and nothing is asked of the hub."""

import sys

import pytest
import torch

from zoo.data.hub_text import HubText

WORDS = ["good", "bad", "fine", "odd"]


def texts(count):
    return {
        "text": [" ".join(WORDS[: 1 + k % 4]) for k in range(count)],
        "label": [k % 2 for k in range(count)],
    }


@pytest.fixture
def datasets(monkeypatch, tmp_path):
    """The package, if it is installed, kept from the network and from the user's cache."""
    found = pytest.importorskip("datasets")
    monkeypatch.setattr(found.config, "HF_DATASETS_OFFLINE", True, raising=False)
    monkeypatch.setattr(found.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    found.disable_progress_bars()
    return found


@pytest.fixture
def saved(datasets, tmp_path):
    kinds = {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])}
    features = datasets.Features(kinds)
    parts = {
        name: datasets.Dataset.from_dict(texts(count), features)
        for name, count in (("train", 40), ("test", 6))
    }
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "saved")
    return tmp_path / "saved"


def test_a_saved_data_set_is_served_with_its_labels_by_name(saved):
    data = HubText(saved, batch_size=6)
    data.setup()
    assert data.sizes == {"vocab_size": 6, "num_classes": 2}
    assert data.labels == ["no", "yes"]
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [36, 4, 6]
    (batch,) = data.test_dataloader()
    assert data.vocabulary.decode(batch["x"][3].tolist()) == "good bad fine odd"
    assert batch["y"].tolist() == [0, 1] * 3
    assert next(data.rows([{"label": "no"}])) == {
        "row": 0,
        "label": "no",
        "given_label": "no",
        "text": "good",
    }


def test_a_folder_of_files_and_a_checkpoint(datasets, tmp_path):
    (tmp_path / "some").mkdir()
    made = texts(30)
    rows = "\n".join(f"{label},{text}" for label, text in zip(made["label"], made["text"], strict=True))
    (tmp_path / "some/train.csv").write_text(f"kind,body\n{rows}\n")
    data = HubText(tmp_path / "some", text="body", label="kind")
    data.setup()
    assert data.labels == ["0", "1"]
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [24, 3, 3]
    torch.save(data.state_dict(), tmp_path / "state.pt")
    other = HubText(tmp_path / "nowhere")
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert torch.equal(other.given(["odd film"])[0]["x"], data.given(["odd film"])[0]["x"])
    with pytest.raises(ValueError, match=r"some, train: there is no column 'text'; columns: kind, body"):
        HubText(tmp_path / "some").setup()


def test_what_is_no_data_set_gets_one_sentence(datasets, tmp_path):
    with pytest.raises(ValueError, match=r"nowhere.*; expected a data set"):
        HubText(tmp_path / "nowhere").setup()
    datasets.Dataset.from_dict({"text": ["a", " "], "label": [0, 1]}).save_to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match="blank, train, row 1: ' ' and 1 are no text and label"):
        HubText(tmp_path / "blank").setup()


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ValueError, match=r"needs the package datasets, .*; pip install recurrent-zoo\[hub\]"):
        HubText(tmp_path).setup()
