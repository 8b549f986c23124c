"""Whole batches: padding, lengths, and the same content as item by item."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zoo.data.batches.datasets import ImageSequences, RaggedSequences, TensorSequences


def ragged(lengths, width=None):
    shape = () if width is None else (width,)
    return [torch.randint(1, 9, (length, *shape)) for length in lengths]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=9), st.data())
def test_a_batch_holds_its_items_padded_with_zeros(lengths, data):
    items = ragged(lengths)
    chosen = data.draw(st.lists(st.sampled_from(range(len(items))), min_size=1, max_size=6))
    batch = RaggedSequences(items, torch.arange(len(items))).__getitems__(chosen)
    expected = torch.nn.utils.rnn.pad_sequence([items[index] for index in chosen], batch_first=True)
    assert torch.equal(batch["x"], expected)
    assert batch["y"].tolist() == chosen
    assert batch.get("lengths", torch.full((len(chosen),), expected.shape[1])).tolist() == [
        lengths[index] for index in chosen
    ]


def test_lengths_are_given_only_if_they_differ():
    data = RaggedSequences(ragged([3, 3, 5]))
    assert data.__getitems__([0, 1]).keys() == {"x"}
    assert data.__getitems__([0, 2])["lengths"].tolist() == [3, 5]


def test_sequences_of_features_are_padded_alike():
    items = [item.float() for item in ragged([2, 4], width=3)]
    batch = RaggedSequences(items).__getitems__([0, 1])
    assert batch["x"].shape == (2, 4, 3)
    assert torch.equal(batch["x"][0], torch.cat([items[0], torch.zeros(2, 3)]))


def test_one_item_has_no_batch_axis():
    data = RaggedSequences(ragged([3, 5]), torch.tensor([1.5, 2.5]))
    item = data[1]
    assert item["x"].shape == (5,)
    assert item["y"] == 2.5
    assert [len(one["x"]) for one in data] == [3, 5]


def test_images_are_scaled_to_one():
    pixels = torch.tensor([[[0], [8], [16]]], dtype=torch.uint8)
    batch = ImageSequences(pixels, torch.tensor([4]), white=16).__getitems__([0])
    assert batch["x"].flatten().tolist() == [0, 0.5, 1]
    assert batch["x"].dtype == torch.float32


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"x": torch.zeros(5, 2, 1), "y": torch.zeros(4)}, "items differ in number: x has 5, y has 4"),
        ({"inputs": torch.zeros(5, 2, 1)}, "fields are inputs, expected x and what else a batch holds"),
    ],
)
def test_fields_that_are_no_batch_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        TensorSequences(fields)


def test_each_sequence_needs_its_target():
    with pytest.raises(ValueError, match="there are 2 sequences and 3 targets"):
        RaggedSequences(ragged([2, 4]), torch.arange(3))
    with pytest.raises(ValueError, match="there are no sequences"):
        RaggedSequences([])
