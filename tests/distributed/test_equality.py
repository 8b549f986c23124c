"""Two processes compute what one would that has the batches of both, in every task."""

import pytest

from distributed.equality import compared, histograms, runs
from zoo.tasks import TASKS

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*use of fork\\(\\) may lead:DeprecationWarning",  # Python 3.12
)
NAMES = [name for name, _, _ in runs()]
COUNTED = 2e-6
"""Metrics are counted in single precision, and a perplexity is about 6."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("equality")


@pytest.fixture(scope="module")
def differences(folder):
    return dict(compared(folder))


@pytest.mark.parametrize("name", NAMES)
def test_loss_gradients_and_metrics_are_those_of_one_process(differences, name):
    found = differences[name]
    assert max(found[part] for part in ("losses", "raw", "clipped")) < 1e-13
    assert found["metrics"] < COUNTED


def test_the_histograms_are_those_of_the_gradients_of_both_and_are_written_once(differences, folder):
    for name in ("sequence_tagger", "language_model"):
        several, one = histograms(folder, name)
        assert [record.step for record in several] == [record.step for record in one]
        for ours, theirs in zip(several, one, strict=True):
            for part in ("before", "after"):
                mine, its = getattr(ours, part), getattr(theirs, part)
                assert mine.keys() == its.keys()
                assert [block.norm for block in mine.values()] == pytest.approx(
                    [block.norm for block in its.values()], rel=1e-6
                )


def test_every_task_is_among_them():
    assert {name.partition(",")[0] for name in NAMES} == set(TASKS.names())
