"""Formal tasks: the protocols to the letter, and the loss of whoever does not look."""

import itertools
import math
from collections import Counter

import pytest
import torch
import torch.nn.functional as F

from zoo.data.batches.datasets import IGNORED
from zoo.data.counting import Counting
from zoo.data.distant_recall import DistantRecall
from zoo.data.dyck import Dyck
from zoo.data.selective_copy import SelectiveCopy
from zoo.data.temporal_order import TemporalOrder

SOURCES = [TemporalOrder, DistantRecall, SelectiveCopy, Dyck, Counting]


def blind_loss(fields):
    """The loss of the best answer by step: the entropy of the classes there, as often as each step counts."""
    y = fields["y"] if fields["y"].dim() == 2 else fields["y"][:, None]
    nats = counted = 0.0
    for column in y.T:
        counts = column[column != IGNORED].bincount().double()
        shares = counts[counts > 0]
        nats -= float((shares * (shares / shares.sum()).log()).sum())
        counted += float(counts.sum())
    return nats / counted


@pytest.mark.parametrize(
    "data",
    [
        TemporalOrder(val_size=8000),
        DistantRecall(distance=3, val_size=8000),
        SelectiveCopy(length=9, copied=3, symbols=5, val_size=8000),
        Dyck(length=10, val_size=8000),
        Dyck(pairs=3, length=12, val_size=8000),
        Counting(most=7, val_size=8000),
        Counting(most=1, val_size=10),
    ],
    ids=lambda data: type(data).__name__,
)
def test_the_baseline_is_the_loss_of_whoever_knows_the_step_only(data):
    assert blind_loss(data.dataset("val").fields) == pytest.approx(data.baseline, abs=0.01)


@pytest.mark.parametrize("source", SOURCES)
def test_training_data_is_fresh_and_sizes_are_what_batches_hold(source):
    data = source(batch_size=8, steps_per_epoch=3)
    train = data.dataset("train")
    one, two = (train.__getitems__(list(range(k, k + 8))) for k in (0, 8))
    again = source(batch_size=8, steps_per_epoch=3).dataset("train").__getitems__(list(range(8)))
    assert torch.equal(one["x"], again["x"])
    assert one["x"].shape != two["x"].shape or not torch.equal(one["x"], two["x"])
    assert one["x"].shape[-1] == data.sizes["input_size"]
    assert one["y"].max() < data.sizes["num_classes"]
    valid = one["x"].sum(-1)
    assert set(valid.unique().tolist()) <= {0, 1}


def test_temporal_order_follows_the_protocol():
    fields = TemporalOrder(val_size=2000).dataset("val").fields
    x, y = fields["x"].argmax(-1), fields["y"]
    assert (x[:, 0] == 0).all()
    assert (x[:, -1] == 1).all()
    signals = x >= 6
    assert (signals.sum(1) == 2).all()
    first, second = signals.nonzero()[:, 1].view(-1, 2).T
    assert set(first.tolist()) == set(range(10, 20))
    assert set(second.tolist()) == set(range(50, 60))
    rows = torch.arange(2000)
    assert torch.equal(2 * (x[rows, first] - 6) + x[rows, second] - 6, y)
    others = x[:, 1:-1][~signals[:, 1:-1]]
    assert set(others.tolist()) == {2, 3, 4, 5}


@pytest.mark.parametrize("distance", [1, 2, 30])
def test_recall_asks_for_the_first_word(distance):
    fields = DistantRecall(distance=distance, symbols=4, val_size=500).dataset("val").fields
    x = fields["x"].argmax(-1)
    assert x.shape == (500, distance + 1)
    assert torch.equal(x[:, 0], fields["y"])
    assert (x[:, -1] == 8).all()
    between = x[:, 1:-1]
    assert ((between >= 4) & (between < 8)).all()
    assert set(x[:, 0].tolist()) == {0, 1, 2, 3}


def test_selective_copy_asks_for_the_symbols_in_their_order():
    fields = SelectiveCopy(length=12, copied=4, symbols=5, val_size=500).dataset("val").fields
    x, y = fields["x"].argmax(-1), fields["y"]
    assert (y[:, :12] == IGNORED).all()
    assert (x[:, 12:] == 6).all()
    for row, answers in zip(x[:, :12], y[:, 12:], strict=True):
        assert [symbol - 1 for symbol in row.tolist() if symbol] == answers.tolist()
    used = (x[:, :12] > 0).float().mean(0)
    assert used.sub(4 / 12).abs().max() < 0.1


def balanced(length, pairs):
    """All balanced sequences, by trying every one."""
    found = []
    for brackets in itertools.product(range(2 * pairs), repeat=length):
        stack = []
        for bracket in brackets:
            if bracket < pairs:
                stack.append(bracket)
            elif not stack or stack.pop() != bracket - pairs:
                break
        else:
            found += [] if stack else [brackets]
    return found


@pytest.mark.parametrize(("length", "pairs"), [(8, 1), (4, 2)])
def test_every_balanced_sequence_is_as_likely(length, pairs):
    count = 6000
    x = Dyck(pairs=pairs, length=length, val_size=count).dataset("val").fields["x"].argmax(-1)
    seen, known = Counter(map(tuple, x.tolist())), balanced(length, pairs)
    assert seen.keys() == set(known)
    expected = count / len(known)
    assert sum((n - expected) ** 2 / expected for n in seen.values()) < 3 * len(known)


@pytest.mark.parametrize("pairs", [1, 2])
def test_the_class_is_the_innermost_open_bracket(pairs):
    data = Dyck(pairs=pairs, length=10, test_length=40, test_size=200)
    fields = data.dataset("test").fields
    assert fields["y"].shape == (200, 40)
    for brackets, classes in zip(fields["x"].argmax(-1).tolist(), fields["y"].tolist(), strict=True):
        stack = []
        for bracket, innermost in zip(brackets, classes, strict=True):
            if bracket < pairs:
                stack.append(bracket)
            else:
                assert stack.pop() == bracket - pairs
            assert innermost == (1 + stack[-1] if stack else 0)
        assert not stack


def test_counting_has_as_many_of_each_and_says_what_may_come_next():
    data = Counting(most=6, test_most=15, test_size=400)
    for split, most in (("val", 6), ("test", 15)):
        fields = data.dataset(split).fields
        seen = set()
        for x, y, length in zip(fields["x"], fields["y"].tolist(), fields["lengths"].tolist(), strict=True):
            n = length // 2
            assert x.argmax(-1)[:length].tolist() == [0] * n + [1] * n
            assert y[:length] == [0] * n + [1] * (n - 1) + [2]
            assert set(y[length:]) <= {IGNORED}
            assert not x[length:].any()
            seen.add(n)
        assert seen == set(range(1, most + 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TemporalOrder(length=9), "at least 10"),
        (lambda: DistantRecall(distance=0), "distance must be at least 1"),
        (lambda: DistantRecall(symbols=1), "symbols must be at least 2"),
        (lambda: SelectiveCopy(length=3, copied=4), "a step for each symbol"),
        (lambda: Dyck(length=7), "length is 7; expected an even number"),
        (lambda: Dyck(test_length=1), "test_length is 1"),
        (lambda: Dyck(pairs=0), "pairs must be at least 1"),
        (lambda: Counting(most=0), "most must be at least 1"),
    ],
)
def test_bad_options(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_guesses_of_recall_have_the_loss_of_a_guess():
    y = DistantRecall(symbols=8).dataset("val").fields["y"]
    assert float(F.cross_entropy(torch.zeros(len(y), 8), y)) == pytest.approx(math.log(8))
