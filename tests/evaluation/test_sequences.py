"""Whole sequences: by length, and the worst."""

from itertools import pairwise

import torch
from sacrebleu import BLEU, CHRF

from zoo.evaluation.sequences import PARTS, by_length, worst
from zoo.evaluation.written import Pairs
from zoo.tasks.answers import Written

WORDS = ["zero", "one", "two", "three", "four", "five"]


def mean_of(costs):
    return {"mean loss": lambda part: f"{float(costs[part].mean()):.4g}"}


def test_lengths_are_divided_into_like_parts():
    lengths = torch.arange(1, 101)
    sheet = by_length(lengths, mean_of(lengths.double()))
    assert [row[0] for row in sheet.rows] == ["1 to 20", "21 to 40", "41 to 60", "61 to 80", "81 to 100"]
    assert [float(row[1]) for row in sheet.rows] == [10.5, 30.5, 50.5, 70.5, 90.5]


def test_no_length_is_in_two_parts_and_every_sequence_is_in_one():
    random = torch.Generator().manual_seed(0)
    for _ in range(50):
        high = int(torch.randint(2, 12, (), generator=random))
        lengths = torch.randint(1, high, (37,), generator=random) ** 2
        sheet = by_length(lengths, {})
        spans = [tuple(map(int, row[0].split(" to "))) for row in sheet.rows]
        assert all(one[-1] < two[0] for one, two in pairwise(spans))
        counts = [int(row[-1]) for row in sheet.rows]
        within = [int(((lengths >= span[0]) & (lengths <= span[-1])).sum()) for span in spans]
        assert counts == within
        assert sum(counts) == 37
        assert len(counts) <= PARTS


def test_the_worst_come_first():
    rows = [{"line": k, "label": "x", "probability_x": 1.0, "text": "t" * 100} for k in range(30)]
    sheet = worst(torch.arange(30.0), rows)
    assert [row[0] for row in sheet.rows] == [str(k) for k in range(29, 19, -1)]
    assert sheet.head == ["line", "label", "text", "loss"]
    assert len(sheet.rows[0][2]) == 60


def test_what_is_right_is_not_among_the_worst():
    wrong = torch.arange(30) % 10 == 0
    sheet = worst(torch.arange(30.0), [{"line": k} for k in range(30)], wrong)
    assert [row[0] for row in sheet.rows] == ["20", "10", "0"]


def test_every_cell_is_one_line():
    rows = [{"text": "one\ntwo\tthree\r", "words": ["a\n", "b"], "table": [[1], [2]]}]
    sheet = worst(torch.zeros(1), rows)
    assert sheet.head == ["text", "words", "loss"]
    assert sheet.rows == [["one⏎two⇥three⏎", "a⏎ b", "0"]]


def pairs(decode=None, labels=None):
    found = Pairs()
    legend = {"decode": decode} if decode else {"labels": labels}
    wanted = [[1, 2, 3, 4], [2, 2], [5, 1, 2, 3, 4]]
    said = [[1, 2, 3, 4], [2, 3], [1, 2, 3, 4, 4]]
    found.extend([Written(*pair) for pair in zip(said, wanted, strict=True)], legend)
    return found


def test_what_was_written_is_counted_by_sequence():
    columns = pairs().columns()
    assert set(columns) == {"exact", "error rate"}
    everything = torch.arange(3)
    assert columns["exact"](everything) == "33.3%"
    assert columns["error rate"](everything) == f"{3 / 11:.1%}"  # one substitution; one left out, one put in
    assert columns["error rate"](torch.tensor([0])) == "0.0%"


def test_texts_have_bleu_and_chrf_of_sacrebleu():
    found = pairs(lambda numbers: " ".join(WORDS[k] for k in numbers))
    columns = found.columns()
    true, said = zip(*found.texts(), strict=True)
    for name, score in (("BLEU", BLEU()), ("chrF", CHRF())):
        assert columns[name](torch.arange(3)) == f"{score.corpus_score(list(said), [list(true)]).score:.1f}"


def test_the_edits_are_listed_by_kind_and_by_symbol():
    kinds, often = pairs(labels=["-", "a", "b", "c", "d", "e"]).sheets()
    assert [row[:2] for row in kinds.rows] == [
        ["substituted", "1"],
        ["left out", "1"],
        ["put in", "1"],
        ["all", "3"],
    ]
    assert ["b", "c", "1"] in often.rows
    assert ["e", "(nothing)", "1"] in often.rows
    assert ["(nothing)", "d", "1"] in often.rows
