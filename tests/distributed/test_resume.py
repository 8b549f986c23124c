"""Two processes that go on from a checkpoint end as if they had never stopped; one does not go on for two."""

import logging
import warnings
from contextlib import contextmanager

import pytest
import torch
from callbacks.fits import SOURCES, Case, SaveAt, StoppedError, differences

from distributed.two import RANKS, gloo, together

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead:DeprecationWarning"),  # Python 3.12
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
]
RESUMED = ("characters", "tags")
"""Streams whose state is carried; and batches of like length, whose metrics go on within the epoch."""
SHORT = {"max_epochs": 1, "limit_train_batches": 2, "limit_val_batches": 1}


@contextmanager
def stops():
    with pytest.raises(StoppedError):
        yield


def case(source, **options):
    return Case(source, trainer={"devices": RANKS, "strategy": gloo(), "max_epochs": 2, **options})


def train(rank, folder):
    """One of the two processes."""
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    found = {}
    for source in RESUMED:
        whole_run, cut, path = (folder / f"{source}_{name}" for name in (f"{rank}", f"{rank}_cut", "0.ckpt"))
        whole, losses = case(source).fit(whole_run)
        with stops():
            case(source).fit(cut, [SaveAt(path, 1, 1)])
        end, rest = case(source).fit(cut, checkpoint=path)
        same = [losses[at] == rest[at] for at in rest]
        found[source] = {"differences": differences(whole, end), "same": same}
    for source in SOURCES:
        _, losses = case(source, **SHORT).fit(folder / f"{source}_{rank}_short")
        found[f"{source}, losses"] = list(losses.values())
    torch.save(found, folder / f"{rank}.pt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    together(train, folder)
    return folder


@pytest.fixture(scope="module")
def found(folder):
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


@pytest.mark.parametrize("source", RESUMED)
def test_both_go_on_within_an_epoch_as_if_they_had_never_stopped(found, source):
    for each in found:
        assert each[source]["differences"] == []
        assert each[source]["same"]
        assert all(each[source]["same"])


def test_every_source_of_data_gives_each_process_batches_of_its_own(found):
    for source in SOURCES:
        first, second = (each[f"{source}, losses"] for each in found)
        assert len(first) == len(second) == SHORT["limit_train_batches"]
        assert first != second


def test_one_process_does_not_go_on_within_the_epoch_of_two(folder):
    with pytest.raises(ValueError, match=r"expected the same data, in as many processes"):
        Case("tags").fit(folder / "tags_0_cut", checkpoint=folder / "tags_0.ckpt")


@pytest.mark.parametrize("source", RESUMED)
def test_one_process_goes_on_from_the_end_of_an_epoch_of_two(folder, source):
    run = folder / f"{source}_0"
    _, losses = Case(source).fit(run, checkpoint=run / "kept/epoch=0.ckpt")
    assert min(losses) == (1, 0)
