"""Made data: the protocols to the letter, and fresh data in every epoch."""

import math
import pickle

import pytest
import torch
import torch.nn.functional as F

from zoo.data.adding_problem import AddingProblem
from zoo.data.copy_memory import CopyMemory


def batches(data, epoch=0, split="train"):
    loader = data.loader(split)
    loader.sampler.set_epoch(epoch)
    return list(loader)


@pytest.mark.parametrize("length", [2, 7, 100])
def test_adding_has_one_marker_in_each_half_and_their_sum(length):
    (batch,) = batches(AddingProblem(length=length, batch_size=2000, steps_per_epoch=1))
    values, markers = batch["x"].unbind(-1)
    half = length // 2
    assert set(markers.unique().tolist()) <= {0, 1}
    assert (markers[:, :half].sum(1) == 1).all()
    assert (markers[:, half:].sum(1) == 1).all()
    torch.testing.assert_close(batch["y"], (values * markers).sum(1, keepdim=True))
    assert (markers.sum(0) > 0).all()


def test_adding_values_are_uniform_and_the_baseline_is_their_variance():
    data = AddingProblem(length=10, val_size=20_000)
    fields = data.dataset("val").fields
    values = fields["x"][..., 0].flatten()
    assert values.min() >= 0
    assert values.max() < 1
    assert values.mean() == pytest.approx(0.5, abs=0.01)
    assert values.var() == pytest.approx(1 / 12, abs=0.003)
    assert F.mse_loss(torch.ones(20_000, 1), fields["y"]) == pytest.approx(data.baseline, abs=0.005)


def test_copy_memory_follows_the_protocol():
    T = 30
    (batch,) = batches(CopyMemory(length=T, batch_size=500, steps_per_epoch=1))
    x, y = batch["x"].argmax(-1), batch["y"]
    assert batch["x"].shape == (500, T + 20, 10)
    assert (batch["x"].sum(-1) == 1).all()
    assert set(x[:, :10].unique().tolist()) == set(range(1, 9))
    assert (x[:, 10 : T + 9] == 0).all()
    assert (x[:, T + 9] == 9).all()
    assert (x[:, T + 10 :] == 0).all()
    assert (y[:, : T + 10] == 0).all()
    assert torch.equal(y[:, T + 10 :], x[:, :10])


def test_copy_memory_baseline_is_the_loss_without_memory():
    data = CopyMemory(length=100, val_size=400)
    y = data.dataset("val").fields["y"]
    guess = torch.full((9,), -math.inf)
    guess[1:] = -math.log(8)
    blank = torch.full((9,), -math.inf)
    blank[0] = 0
    answers = torch.cat([blank.expand(110, 9), guess.expand(10, 9)])
    loss = F.nll_loss(answers.expand(400, 120, 9).reshape(-1, 9), y.flatten())
    assert loss == pytest.approx(data.baseline)
    assert data.baseline == pytest.approx(0.1733, abs=1e-4)


@pytest.mark.parametrize("source", [AddingProblem, CopyMemory])
def test_training_data_is_fresh_in_every_batch_and_epoch_and_reproducible(source):
    def data(seed):
        return source(length=20, batch_size=8, steps_per_epoch=3, seed=seed)

    first = [batch["x"] for epoch in (0, 1) for batch in batches(data(1), epoch)]
    again = [batch["x"] for epoch in (0, 1) for batch in batches(data(1), epoch)]
    other = [batch["x"] for epoch in (0, 1) for batch in batches(data(2), epoch)]
    assert len(first) == 6
    assert len(torch.cat(first).unique(dim=0)) == 6 * 8
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not any(torch.equal(one, two) for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize("source", [AddingProblem, CopyMemory])
def test_validation_and_test_data_are_fixed_and_different(source):
    data = source(length=20, val_size=30, test_size=30)
    val, later, test = (
        torch.cat([batch["x"] for batch in batches(data, epoch, split)])
        for epoch, split in ((0, "val"), (5, "val"), (0, "test"))
    )
    assert torch.equal(val, later)
    assert not torch.equal(val, test)


def test_worker_processes_can_be_given_the_data():
    dataset = AddingProblem(steps_per_epoch=1).dataset("train")
    copy = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copy.__getitems__([3, 4])["x"], dataset.__getitems__([3, 4])["x"])


def test_a_sequence_too_short_for_two_markers_is_refused():
    with pytest.raises(ValueError, match="at least 2, for a marker in each half, got 1"):
        AddingProblem(length=1)
