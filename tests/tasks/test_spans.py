"""Spans and their F1 score, held against seqeval."""

import itertools

import pytest
import torch
from seqeval.metrics import f1_score

from zoo.tasks.contract import IGNORED
from zoo.tasks.spans import SpanF1, look_like_spans

BIOES = ["B-LOC", "B-PER", "E-LOC", "E-PER", "I-LOC", "I-PER", "O", "S-LOC", "S-PER"]
IOB2 = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]
IO = ["I-LOC", "I-PER", "O"]


def score(tags, given, found):
    """Our score of sequences, in two updates."""
    numbers = {tag: number for number, tag in enumerate(tags)}
    metric = SpanF1(tags)
    half = len(given) // 2
    for part in (slice(0, half), slice(half, None)):
        y, predictions = [], []
        for right, guess in zip(given[part], found[part], strict=True):
            y += [*(numbers[tag] for tag in right), IGNORED]
            predictions += [*(numbers[tag] for tag in guess), 0]
        if y:
            metric.update(torch.tensor(predictions), torch.tensor(y))
    return metric.compute().item()


@pytest.mark.parametrize("tags", [BIOES, IOB2, IO], ids=["BIOES", "IOB2", "IO"])
def test_the_score_is_that_of_seqeval(tags):
    """Also where tags follow one another that should not."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(25):
        lengths = torch.randint(1, 12, (8,), generator=generator).tolist()
        given = [[tags[k] for k in torch.randint(len(tags), (n,), generator=generator)] for n in lengths]
        found = [
            [
                tag if torch.rand((), generator=generator) < 0.7 else tags[k]
                for tag, k in zip(
                    row, torch.randint(len(tags), (len(row),), generator=generator), strict=True
                )
            ]
            for row in given
        ]
        assert score(tags, given, found) == pytest.approx(f1_score(given, found, zero_division=0))


@pytest.mark.parametrize("tags", [["B-A", "E-A", "I-A", "O", "S-A"], ["B-A", "I-A", "I-B", "O"]])
def test_every_short_sequence_has_the_score_of_seqeval(tags):
    pairs = list(itertools.product(itertools.product(tags, repeat=2), repeat=2))
    assert len(pairs) > 200
    for right, guess in pairs:
        given, found = [list(right)], [list(guess)]
        assert score(tags, given, found) == pytest.approx(f1_score(given, found, zero_division=0))


def test_a_hand_counted_example():
    given = [["O", "O", "O", "B-PER", "I-PER", "I-PER", "O"], ["B-PER", "I-PER", "O"]]
    found = [["O", "O", "B-PER", "I-PER", "I-PER", "I-PER", "O"], ["B-PER", "I-PER", "O"]]
    assert score(IOB2, given, found) == 0.5


def test_spans_do_not_reach_from_one_sequence_into_the_next():
    given, found = [["I-PER"], ["I-PER"]], [["I-PER"], ["O"]]
    assert score(IO, given, found) == pytest.approx(2 / 3)


def test_what_is_not_counted_breaks_spans():
    metric = SpanF1(IO)
    metric.update(torch.tensor([1, 1, 1]), torch.tensor([1, IGNORED, 1]))
    assert (metric.given, metric.found, metric.right) == (2, 2, 2)


def test_nothing_found_and_nothing_there_is_0():
    assert score(IO, [["O"]], [["O"]]) == 0


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (BIOES, True),
        (IOB2, True),
        (IO, True),
        (["O"], False),
        (["B-PER", "I-PER"], False),
        (["ADJ", "NOUN", "O"], False),
        (["B", "I", "O"], False),
        (["B-PER", "NOUN", "O"], False),
        ([], False),
    ],
)
def test_tags_of_spans_are_told_from_others(tags, expected):
    assert look_like_spans(tags) is expected
