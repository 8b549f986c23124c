"""A user's own SequenceData: what `load` must return."""

import pytest
import torch
from torch.utils.data import TensorDataset

from zoo.data.base import SequenceData
from zoo.data.batches.datasets import TensorSequences
from zoo.data.streams import StreamData

X, Y = torch.zeros(10, 5, 3), torch.zeros(10, dtype=torch.long)


class Own(SequenceData):
    """Serves what it is given."""

    def __init__(self, data):
        super().__init__(batch_size=4)
        self.data = data

    @property
    def sizes(self):
        return {"input_size": 3, "num_classes": 2}

    def load(self, split):
        return self.data


class OwnStreams(StreamData):
    """Has overridden too much."""

    def __init__(self):
        super().__init__(batch_size=4, steps=5, test_batch_size=1, num_workers=0)

    def text(self, split):
        return "a text"

    def learn(self):
        raise NotImplementedError

    def load(self, split):
        return TensorDataset(X)


def test_sequences_are_served():
    assert [len(batch["x"]) for batch in Own(TensorSequences({"x": X, "y": Y})).train_dataloader()] == [
        4,
        4,
        2,
    ]


@pytest.mark.parametrize("data", [TensorDataset(X, Y), None, [{"x": X, "y": Y}]])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_anything_else_is_named_with_what_is_expected(data, split):
    with pytest.raises(ValueError, match=rf"Own.load\('{split}'\) returned") as caught:
        Own(data).loader(split)
    assert str(caught.value) == (
        f"Own.load('{split}') returned an object of type {type(data).__name__}, expected SequenceDataset of "
        "zoo.data.batches.datasets, such as TensorSequences({'x': x, 'y': y})"
    )


def test_streams_are_made_of_token_streams():
    with pytest.raises(
        ValueError, match=r"OwnStreams.load\('train'\) returned .* TensorDataset, expected Token"
    ):
        OwnStreams().train_dataloader()
