"""The fewest edits: as many as torchmetrics counts, and they make what was said of the truth."""

from collections import Counter

import torch
from torchmetrics.functional.text import word_error_rate

from zoo.evaluation.edits import edits, kinds


def made(true, found):
    """What the edits make of the truth; None where they are not edits of it."""
    counts = Counter(true)
    counts.subtract(Counter(wanted for wanted, _ in found if wanted is not None))
    counts.update(Counter(got for _, got in found if got is not None))
    return +counts


def test_there_are_as_many_as_torchmetrics_counts():
    random = torch.Generator().manual_seed(0)
    for _ in range(200):
        sizes = torch.randint(0, 8, (2,), generator=random).tolist()
        true, said = (torch.randint(0, 4, (size,), generator=random).tolist() for size in sizes)
        found = edits(true, said)
        if true:
            rate = word_error_rate(" ".join(map(str, said)), " ".join(map(str, true)))
            assert len(found) == round(float(rate) * len(true))
        else:
            assert found == [(None, got) for got in said]
        assert made(true, found) == Counter(said)


def test_they_say_what_stands_for_what():
    assert edits([1, 2, 3], [1, 5, 3]) == [(2, 5)]
    assert edits([1, 2, 3], [1, 3]) == [(2, None)]
    assert edits([1, 3], [1, 2, 3]) == [(None, 2)]
    assert edits([], []) == []
    counted = Counter([(2, 5), (2, 5), (1, None), (None, 4)])
    assert kinds(counted) == {"substituted": 2, "left out": 1, "put in": 1}
