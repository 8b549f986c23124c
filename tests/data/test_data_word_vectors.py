"""Pretrained vectors: their formats, what is found, and the embedding that starts from them."""

import gzip

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging

import zoo
from zoo.data.words.vocabulary import PADDING, UNKNOWN, Words
from zoo.data.words.word_vectors import vectors_of

WORDS = Words([PADDING, UNKNOWN, "the", "Cat", "sat", "..."], end_of_line=False)
GLOVE = "the 1 2 3\ncat 4 5 6\nnever 7 8 9\n"


def write(tmp_path, content, name="vectors.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (GLOVE, "glove.txt"),
        ("3 3\n" + GLOVE, "wiki.vec"),
        (GLOVE.replace("\n", " \r\n"), "word2vec.txt"),
        (gzip.compress(GLOVE.encode(), mtime=0), "wiki.vec.gz"),
        (GLOVE + "the 9 9 9\nat home 7 7 7\n. . . 7 7 7\n", "twice.txt"),
    ],
)
def test_formats(tmp_path, caplog, content, name):
    caplog.set_level("INFO")
    rows, vectors = vectors_of(write(tmp_path, content, name), WORDS)
    assert dict(zip(rows.tolist(), vectors.tolist(), strict=True)) == {2: [1, 2, 3], 3: [4, 5, 6]}
    assert "vectors of 3 numbers for 2 of 4 words, 1 of them by their lower case" in caplog.text


def test_a_words_own_form_comes_first(tmp_path):
    rows, vectors = vectors_of(write(tmp_path, "cat 4 5 6\nCat 7 8 9\n"), WORDS)
    assert (rows.tolist(), vectors.tolist()) == ([3], [[7, 8, 9]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 1 2 3\nsat 1 2\n", "line 2: 2 numbers after 'sat', expected 3 as in the first row"),
        ("the 1 2 3\nsat 1 2 3 4\n", "line 2: 4 numbers after 'sat', expected 3"),
        ("3 3\nthe 1 2 x\n", "line 2: 'x' in the vector of 'the' is no number"),
        ("the 1 nan 3\n", "line 1: the vector of 'the' is not finite"),
        ("the 1 2 3\n\xff 1 2 3\n".encode("latin-1"), "line 2: not utf-8"),
        ("dog 1 2 3\n", "none of the 4 words"),
        ("the\t1\t2\n", "line 1: 0 numbers"),
    ],
)
def test_errors_say_file_and_line(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match=message) as caught:
        vectors_of(path, WORDS)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"did you mean 'vectors\.txt'"):
        vectors_of(write(tmp_path, GLOVE).with_name("vector.txt"), WORDS)


def trainer(tmp_path, **options):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(
        default_root_dir=tmp_path, accelerator="cpu", **({"limit_val_batches": 0} | quiet | options)
    )


def task(**changes):
    network = {"encoder": {"cell": "gru", "hidden_size": 4}, "embedding_size": 3}
    return zoo.SequenceTagger(network | changes, {"name": "SGD", "lr": 1e-30})


@pytest.fixture
def data(tmp_path):
    (tmp_path / "train.txt").write_text("the X\ncat Y\n\nodd X\nthe X\n")
    write(tmp_path, GLOVE)
    return lambda: zoo.TaggedText(
        train=tmp_path / "train.txt", val=tmp_path / "train.txt", vectors=tmp_path / "vectors.txt"
    )


def test_an_embedding_starts_from_the_vectors_and_the_file_is_never_needed_again(tmp_path, data):
    torch.manual_seed(0)
    model, first = task(), data()
    fit = trainer(tmp_path, max_epochs=1, enable_checkpointing=False)
    fit.fit(model, first)
    rows = {word: model.model.embedding.weight[k].tolist() for k, word in enumerate(first.vocabulary.types)}
    assert (rows["the"], rows["cat"]) == ([1, 2, 3], [4, 5, 6])
    assert 0 < max(map(abs, rows["odd"])) < 0.5
    fit.save_checkpoint(tmp_path / "a.ckpt")
    (tmp_path / "vectors.txt").unlink()
    resumed = task()
    trainer(tmp_path, max_epochs=2, enable_checkpointing=False).fit(
        resumed, data(), ckpt_path=tmp_path / "a.ckpt", weights_only=True
    )
    reloaded = zoo.SequenceTagger.load_from_checkpoint(tmp_path / "a.ckpt")
    trainer(tmp_path, max_epochs=1, enable_checkpointing=False).fit(reloaded, data())
    for each in (resumed, reloaded):
        assert torch.equal(each.model.embedding.weight, model.model.embedding.weight)


def test_a_second_fit_goes_on_from_the_first(tmp_path, data):
    model = task()
    for _ in range(2):
        trainer(tmp_path, max_epochs=1, enable_checkpointing=False).fit(model, data())
        model.model.embedding.weight.data.fill_(0.25)
    assert (model.model.embedding.weight == 0.25).all()


@pytest.mark.filterwarnings("ignore:.*does not have many workers")
def test_averaged_weights_start_from_the_vectors_too(tmp_path, data):
    model = task()
    fit = trainer(
        tmp_path, max_epochs=1, enable_checkpointing=False, callbacks=[EMAWeightAveraging(decay=0.5)]
    )
    fit.fit(model, data())
    assert model.model.embedding.weight[2].tolist() == [1, 2, 3]


def test_texts_with_labels_take_them_too(tmp_path):
    (tmp_path / "train.csv").write_text("text,label\nthe cat,1\nodd,0\n")
    path = write(tmp_path, GLOVE)
    texts = zoo.LabelledText(train=tmp_path / "train.csv", val=tmp_path / "train.csv", vectors=path)
    model = zoo.SequenceClassifier(
        {"encoder": {"hidden_size": 4}, "embedding_size": 3, "pooling": "max"}, {"name": "SGD", "lr": 1e-30}
    )
    trainer(tmp_path, max_epochs=1, enable_checkpointing=False).fit(model, texts)
    assert model.model.embedding.weight[texts.vocabulary.encode("the")[0]].tolist() == [1, 2, 3]


def test_another_width_is_refused(tmp_path, data):
    with pytest.raises(ValueError, match="has 7; expected embedding_size 3"):
        trainer(tmp_path, max_epochs=1).fit(task(embedding_size=7), data())
