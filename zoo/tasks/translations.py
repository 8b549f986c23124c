"""How near written sequences come to those that were asked for."""

from collections.abc import Callable, Iterable
from typing import Any, final

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

Decode = Callable[[Iterable[int]], str]
STOP = -1
"""Stands behind each sequence where several are kept end to end."""


@final
class Translations(Metric):
    """Exact match, BLEU and chrF of hypotheses against references, over a whole stage and all devices.

    Exact match is the share of hypotheses that are their reference, token by token. BLEU and chrF are those
    of sacrebleu in its usual settings, from 0 to 100, on texts: BLEU counts up to four words in a row, and is
    0 where no text has four.
    Reference: Post, 2018, https://arxiv.org/abs/1804.08771; Popović, 2015, https://aclanthology.org/W15-3049.

    Attributes:
        decode: Makes a text of a sequence; by default of its numbers.
    """

    full_state_update = False
    hypotheses: list[Tensor]
    references: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.decode: Decode = spaced
        self.add_state("hypotheses", default=[], dist_reduce_fx="cat")
        self.add_state("references", default=[], dist_reduce_fx="cat")

    def update(self, hypotheses: Tensor, references: Tensor, end: int) -> None:
        """Takes sequences in.

        Args:
            hypotheses: (B, U); what stands from `end` on does not count.
            references: (B, V), likewise, with negative numbers that do not count.
            end: The token with which a sequence ends.
        """
        self.hypotheses.append(_end_to_end(hypotheses, end))
        self.references.append(_end_to_end(references, end))

    def compute(self) -> dict[str, Tensor]:
        ours, theirs = _apart(dim_zero_cat(self.hypotheses)), _apart(dim_zero_cat(self.references))
        # Late: a process that trains no translator need not load it.
        from sacrebleu import BLEU, CHRF

        texts, wanted = list(map(self.decode, ours)), [list(map(self.decode, theirs))]
        scores: dict[str, Any] = {
            "exact_match": sum(one == other for one, other in zip(ours, theirs, strict=True)) / len(ours),
            "bleu": BLEU().corpus_score(texts, wanted).score,
            "chrf": CHRF().corpus_score(texts, wanted).score,
        }
        return {name: torch.tensor(score, device=self.device) for name, score in scores.items()}


def spaced(numbers: Iterable[int]) -> str:
    """The numbers with spaces between them."""
    return " ".join(map(str, numbers))


def _end_to_end(sequences: Tensor, end: int) -> Tensor:
    """The sequences (B, U) up to `end`, each with a stop behind it."""
    goes_on = ((sequences == end).cumsum(1) == 0) & (sequences >= 0)
    stops = torch.full_like(sequences[:, :1], STOP)
    kept = torch.cat([goes_on, torch.ones_like(stops, dtype=torch.bool)], dim=1)
    return torch.cat([sequences, stops], dim=1)[kept]


def _apart(sequences: Tensor) -> list[list[int]]:
    """Sequences that stood end to end."""
    found: list[list[int]] = [[]]
    for number in sequences.tolist():
        if number == STOP:
            found.append([])
        else:
            found[-1].append(number)
    return found[:-1]
