"""A user's pairs of texts: files, batches, rows, errors with file and line."""

import pytest
import torch

from zoo.data.labelled_pairs import LabelledPairs

HEADER = "label\tfirst\tsecond\n"
ROWS = [("yes", "a dog runs", "a dog"), ("no", "a cat", "no animal sleeps here"), ("yes", "a b", "b a c")]


@pytest.fixture
def folder(tmp_path):
    for name in ("train", "dev", "test"):
        text = HEADER + "\n".join("\t".join(row) for row in ROWS * (4 if name == "train" else 1)) + "\n"
        (tmp_path / f"{name}.tsv").write_text(text)
    return tmp_path


def test_batches_hold_both_texts_and_the_class(folder):
    data = LabelledPairs(folder, batch_size=3)
    data.setup("fit")
    assert data.sizes == {"vocab_size": 12, "num_classes": 2}
    (batch,) = data.val_dataloader()
    words = data.vocabulary
    for x, second, length, other, y in zip(
        *(batch[name].tolist() for name in ("x", "second", "lengths", "second_lengths", "y")), strict=True
    ):
        row = (data.labels[y], words.decode(x[:length]), words.decode(second[:other]))
        assert row in ROWS
        assert not any(x[length:] + second[other:])


def test_rows_predictions_and_pairs_of_a_users_own(folder):
    path = folder / "new.tsv"
    path.write_text("first\tsecond\na dog\tb\n")
    data = LabelledPairs(folder, predict=path)
    (batch,) = data.predict_dataloader()
    assert batch.keys() == {"x", "second"}
    assert list(data.rows([{"label": "no"}])) == [{"line": 2, "label": "no", "first": "a dog", "second": "b"}]
    tested = next(iter(LabelledPairs(folder).rows([{"label": "no"}])))
    assert tested["given_label"] == "yes"
    own = data.given([("a dog", "b")])[0]
    assert all(torch.equal(own[name], value[0]) for name, value in batch.items())
    with pytest.raises(ValueError, match=r"item 1 is .*expected two texts"):
        data.given([("a", "b"), ("a", " ")])


def test_what_was_learned_survives_a_checkpoint_and_files_are_divided(folder):
    data = LabelledPairs(folder / "train.tsv", lower=True, test_fraction=0.2)
    data.setup("fit")
    assert [len(data.pairs(split)) for split in ("train", "val", "test")] == [9, 1, 2]
    other = LabelledPairs(test=folder / "test.tsv")
    other.load_state_dict(data.state_dict())
    assert (other.sizes, other.legend) == (data.sizes, data.legend)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("yes\ta\n", "line 2: 2 columns"),
        ("yes\ta\t \nno\tb\tc\n", "line 2: the text is empty"),
        ("yes\ta\tb\n", "every label is 'yes'"),
    ],
)
def test_errors_say_file_and_line(tmp_path, content, message):
    (tmp_path / "train.tsv").write_text(HEADER + content)
    with pytest.raises(ValueError, match=message) as caught:
        LabelledPairs(train=tmp_path / "train.tsv").learn()
    assert "train.tsv" in str(caught.value)


def test_a_label_that_only_the_test_set_has(folder):
    (folder / "test.tsv").write_text(HEADER + "yess\ta\tb\n")
    with pytest.raises(ValueError, match=r"line 2: label 'yess' .* did you mean 'yes'"):
        LabelledPairs(folder).setup("test")


def test_columns_that_are_the_same():
    with pytest.raises(ValueError, match="both column 'first'"):
        LabelledPairs("somewhere", second="first")
