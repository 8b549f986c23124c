"""What is read off the outputs of CTC: the best path, or the most probable labels."""

import math
from collections import defaultdict
from itertools import groupby

import torch
from torch import Tensor

from zoo.tasks.contract import IGNORED

BLANK = 0
Labels = tuple[int, ...]


def best_path(log_p: Tensor) -> tuple[Labels, float]:
    """The labels of the most probable alignment, and its log-probability.

    Reference: Graves et al., 2006, https://doi.org/10.1145/1143844.1143891, equation 4.

    Args:
        log_p: (T, C), log-probabilities of blank and labels at each step.
    """
    best, path = log_p.max(-1)
    return collapsed(path.tolist()), float(best.sum())


def collapsed(path: list[int]) -> Labels:
    """The labels of an alignment: repeats are one, blanks are none."""
    return tuple(label for label, _ in groupby(path) if label != BLANK)


def prefix_beam(log_p: Tensor, beam: int) -> list[tuple[Labels, float]]:
    """The most probable labels with the log-probability of all their alignments, the best first.

    Alignments with the same labels so far are one hypothesis; it knows how probable it is to end in a blank
    and in its last label. With as wide a beam as there are prefixes it is exact.
    Reference: Hannun et al., 2014, https://arxiv.org/abs/1408.2873, algorithm 1, without a language model.

    Args:
        log_p: (T, C), log-probabilities of blank and labels at each step.
        beam: Hypotheses that are kept after each step.
    """
    kept: dict[Labels, tuple[float, float]] = {(): (0.0, -math.inf)}
    for step in log_p.tolist():
        blank: dict[Labels, float] = defaultdict(lambda: -math.inf)
        label: dict[Labels, float] = defaultdict(lambda: -math.inf)
        for prefix, (in_blank, in_label) in kept.items():
            either = _log_sum(in_blank, in_label)
            blank[prefix] = _log_sum(blank[prefix], either + step[BLANK])
            for c, score in enumerate(step):
                if c == BLANK:
                    continue
                if prefix and prefix[-1] == c:  # without a blank between it is the same label once more
                    label[prefix] = _log_sum(label[prefix], in_label + score)
                    label[(*prefix, c)] = _log_sum(label[(*prefix, c)], in_blank + score)
                else:
                    label[(*prefix, c)] = _log_sum(label[(*prefix, c)], either + score)
        ends = {prefix: (blank[prefix], label[prefix]) for prefix in {*blank, *label}}
        ends = {prefix: both for prefix, both in ends.items() if max(both) > -math.inf}
        kept = dict(sorted(ends.items(), key=lambda item: (-_log_sum(*item[1]), item[0]))[:beam])
    return [(prefix, _log_sum(*ends)) for prefix, ends in kept.items()]


def decoded(log_p: Tensor, lengths: Tensor, beam: int) -> list[tuple[Labels, float]]:
    """The labels of each sequence and their score: of the best path if beam is 1, else of all alignments.

    Args:
        log_p: (B, T, C).
        lengths: (B,), valid steps.
        beam: Hypotheses that are kept after each step.
    """
    rows = [row[:length] for row, length in zip(log_p.detach().cpu(), lengths.tolist(), strict=True)]
    return [best_path(row) if beam == 1 else prefix_beam(row, beam)[0] for row in rows]


def padded(labels: list[Labels]) -> tuple[Tensor, Tensor]:
    """Labels as (B, U), -100 beyond the end of each, and their lengths (B,)."""
    lengths = torch.tensor([len(each) for each in labels])
    table = torch.full((len(labels), int(lengths.max()) if labels else 0), IGNORED)
    for row, each in zip(table, labels, strict=True):
        row[: len(each)] = torch.tensor(each, dtype=torch.long)
    return table, lengths


def _log_sum(a: float, b: float) -> float:
    """log(exp a + exp b)."""
    if a == -math.inf or b == -math.inf:
        return max(a, b)
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))
