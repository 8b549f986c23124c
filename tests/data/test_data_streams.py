"""Streams: every token predicted exactly once, chunks that continue one another."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zoo.data.batches.datasets import IGNORED
from zoo.data.python_docs import PythonDocs, reference
from zoo.data.streams import TokenStreams
from zoo.data.text_file import split_by_position


def rows(streams):
    """Each stream put together again from its chunks: what is read, and what is to be predicted."""
    chunks = list(streams)
    return (torch.cat([chunk[name] for chunk in chunks], dim=1) for name in ("x", "y"))


@given(st.integers(2, 90), st.integers(1, 9), st.integers(1, 12))
def test_every_token_but_the_first_is_the_target_of_the_one_before_exactly_once(count, streams, steps):
    streams = min(streams, count - 1)
    x, y = rows(TokenStreams(torch.arange(count), streams, steps))
    predicted = y != IGNORED
    assert x[predicted].tolist() == list(range(count - 1))
    assert torch.equal(y[predicted], x[predicted] + 1)


def test_chunks_have_the_asked_length_and_the_last_may_be_shorter():
    chunks = list(TokenStreams(torch.arange(24), streams=2, steps=5))
    assert [chunk["x"].shape for chunk in chunks] == [(2, 5), (2, 5), (2, 2)]


def test_only_the_first_chunk_starts_a_stream():
    starts = [chunk["starts"] for chunk in TokenStreams(torch.arange(24), streams=2, steps=5)]
    assert [start.tolist() for start in starts] == [[True, True], [False, False], [False, False]]


@given(st.integers(1, 4), st.integers(1, 4))
def test_devices_share_the_streams_among_them(streams, ranks):
    tokens = torch.arange(61)
    shares = [rows(TokenStreams(tokens, streams, 7).share(rank, ranks)) for rank in range(ranks)]
    x, y = (torch.cat(part) for part in zip(*shares, strict=True))
    assert len(x) == streams * ranks
    assert x[y != IGNORED].tolist() == list(range(60))


def test_loader_hands_each_device_its_own_streams(monkeypatch):
    data = PythonDocs(batch_size=2)
    root_device = torch.device("cpu")
    seen = []
    for rank in (0, 1):
        data.trainer = SimpleNamespace(
            global_rank=rank, world_size=2, strategy=SimpleNamespace(root_device=root_device)
        )
        seen.append(next(iter(data.train_dataloader()))["x"])
    assert torch.equal(torch.cat(seen), TokenStreams(data.dataset("train").tokens, 4, 64)[0]["x"])


def test_python_docs_are_read_whole_and_in_order():
    data = PythonDocs(test_batch_size=1)
    data.setup("fit")
    data.setup("test")
    text = "".join(data.text(split) for split in ("train", "val", "test"))
    assert text == reference()
    assert len(text) > 300_000
    assert data.text("train").startswith('The "assert" statement')
    (x, y) = rows(data.dataset("test"))
    assert data.vocabulary.decode([int(x[0, 0]), *y[0].tolist()]) == data.text("test")
    assert data.sizes == {"vocab_size": len(set(data.text("train"))) + 1}


def test_a_text_is_cut_at_lines_then_at_words_then_anywhere():
    lines = split_by_position("one two three\n" * 100, 0.1, 0.1)
    assert all(part.endswith("three\n") for part in lines.values())
    words = split_by_position("onetwo three " * 100, 0.1, 0.1)
    assert all(part.endswith(("onetwo ", "three ")) for part in words.values())
    letters = split_by_position("abcdefghij" * 10, 0.1, 0.2)
    assert [len(part) for part in letters.values()] == [70, 10, 20]


def test_the_shape_of_streams_is_checked():
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        PythonDocs(steps=0)
    with pytest.raises(ValueError, match=r"must be positive and add up to less than 1, got 0.0 and 0.05"):
        PythonDocs(val_fraction=0.0)
    with pytest.raises(
        ValueError, match=r"the val text has [0-9]+ tokens, too few for 100000 parallel streams"
    ):
        PythonDocs(batch_size=100_000).setup()
