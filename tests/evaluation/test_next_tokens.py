"""Texts that are gone on with: bits by frequency, by symbol, by passage."""

import math

import pytest
import torch

from zoo.evaluation.next_tokens import by_frequency, dearest, end_to_end, passages
from zoo.tasks.answers import NextTokens

NAMES = [" ", "a", "b", "\n"]


def text(numbers, nats=None, said=None):
    true = torch.tensor(numbers)
    nats = torch.ones(true.shape) if nats is None else torch.tensor(nats)
    return NextTokens(nats, true, true.clone() if said is None else torch.tensor(said))


def test_symbols_are_told_apart_by_how_frequent_they_are():
    numbers = [0] * 1000 + [1] * 50 + [2] * 2
    nats = [0.5] * 1000 + [2.0] * 50 + [7.0] * 2
    said = [0] * 1000 + [1] * 25 + [0] * 27
    sheet = by_frequency(text(numbers, nats, said))
    rows = {row[0]: row[1:] for row in sheet.rows}
    assert rows["1 in 10 or more often"] == [
        "1",
        f"{1000 / 1052:.1%}",
        f"{0.5 / math.log(2):.3f}",
        f"{math.exp(0.5):.4g}",
        "100.0%",
        f"{500 / 614:.1%}",
    ]
    assert rows["1 in 10 to 1 in 100"][0] == "1"
    assert rows["1 in 10 to 1 in 100"][4] == "50.0%"
    assert rows["1 in 100 to 1 in 1,000"][2] == f"{7 / math.log(2):.3f}"
    assert float(rows["all"][2]) == pytest.approx(614 / 1052 / math.log(2), abs=1e-3)


def test_the_dearest_symbols_come_first_with_what_was_held_instead():
    sheet = dearest(text([0, 0, 0, 3, 2], [1.0, 1.0, 1.0, 2.0, 2.5], [0, 0, 1, 1, 2]), NAMES)
    assert [row[0] for row in sheet.rows] == ["␣", "b", "⏎"]
    assert sheet.rows[0][1:] == ["3", f"{1 / math.log(2):.2f}", "66.7%", "a", f"{3 / 7.5:.1%}"]
    assert sheet.rows[1][4] == ""


def test_chunks_are_put_end_to_end_and_what_is_missing_does_not_count():
    joined = end_to_end([text([[1, 2], [0, 1]]), text([[3], [3]]), text([[2, 2]])])
    assert joined.true.tolist() == [[1, 2, 3, 2, 2], [0, 1, 3, -100, -100]]


def test_the_worst_passages_say_where_they_are():
    numbers = torch.randint(0, 3, (2, 300), generator=torch.Generator().manual_seed(0))
    nats = torch.full((2, 300), 0.1)
    nats[1, 60:120] = 3.0  # windows are of 60 letters
    nats[1, 77] = 9.0
    numbers[1, 77], numbers[1, 78] = 2, 3
    said = numbers.clone()
    said[1, 77] = 1
    legend = {"decode": lambda tokens: "".join(NAMES[token] for token in tokens)}
    first = passages(NextTokens(nats, numbers, said), NAMES, legend).rows[0]
    assert first[0] == "stream 1, 61 to 120"
    assert first[1][17:19] == "b⏎"
    assert first[2] == f"{(59 * 3 + 9) / 60 / math.log(2):.2f}"
    assert first[3:] == [f"b, {9 / math.log(2):.1f} bits", "a"]
