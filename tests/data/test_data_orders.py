"""Orders of items: reproducible from seed and epoch, different in each epoch, nothing lost."""

import pytest
import torch

from zoo.data.batches.orders import Bucketed, ByLength, Fresh, InOrder, Shuffled

LENGTHS = torch.randint(1, 60, (1003,), generator=torch.Generator().manual_seed(0))


def drawn(order, epoch):
    order.set_epoch(epoch)
    return list(order)


def random_orders(seed=0):
    return [Shuffled(1003, seed), Bucketed(LENGTHS, 10, seed)]


@pytest.mark.parametrize("which", [0, 1])
def test_every_epoch_has_every_item_once_in_another_order(which):
    order = random_orders()[which]
    epochs = [drawn(order, epoch) for epoch in range(4)]
    assert all(sorted(epoch) == list(range(1003)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


@pytest.mark.parametrize("which", [0, 1])
def test_seed_and_epoch_decide_the_order_whatever_else_was_drawn(which):
    order, again, other = (random_orders(seed)[which] for seed in (3, 3, 4))
    drawn(again, 0)
    torch.rand(5)
    assert drawn(order, 2) == drawn(again, 2) != drawn(other, 2)


def padding(order, batch_size):
    lengths = LENGTHS[torch.tensor(list(order))]
    batches = lengths.split(batch_size)
    return sum(int(batch.max()) * len(batch) for batch in batches) / int(lengths.sum()) - 1


def test_buckets_leave_a_fraction_of_the_padding():
    assert padding(Shuffled(1003, 0), 10) > 0.5
    assert padding(Bucketed(LENGTHS, 10, 0), 10) < 0.05
    assert padding(ByLength(LENGTHS), 10) < 0.03


def test_bucketed_batches_do_not_come_sorted():
    order = torch.tensor(list(Bucketed(LENGTHS, 10, 0)))
    means = torch.stack([batch.float().mean() for batch in LENGTHS[order].split(10)])
    neighbours = torch.corrcoef(torch.stack([means[:-1], means[1:]]))[0, 1]
    assert abs(neighbours) < 0.4


def test_items_of_the_same_length_meet_different_companions():
    order = Bucketed(torch.full((40,), 7), 4, 0)
    partners = [frozenset(drawn(order, epoch)[:4]) for epoch in range(20)]
    assert len(set(partners)) == 20


def test_fresh_numbers_are_never_repeated():
    order = Fresh(5)
    assert drawn(order, 0) + drawn(order, 1) == list(range(10))


def test_order_for_evaluation_is_the_same_in_every_epoch():
    order = InOrder(range(4))
    assert drawn(order, 0) == drawn(order, 9) == [0, 1, 2, 3]
