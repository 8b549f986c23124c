"""Spans of tags, such as names in a text: found as seqeval finds them, and their F1 score."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor
from torchmetrics import Metric

from zoo.tasks.contract import IGNORED

OUTSIDE = "O"
PREFIXES = "BIES"
"""A span's first step, one within, its last one, and a span of one step."""
LETTERS = OUTSIDE + PREFIXES
B, I, E, S = range(1, 5)  # noqa: E741 (the names of the tags)


def look_like_spans(tags: Sequence[str]) -> bool:
    """Whether these are tags of spans: O, and B-, I-, E- or S- before a type (IOB2, IOB1, IOE, BIOES, IO)."""
    typed = [tag for tag in tags if tag != OUTSIDE]
    return OUTSIDE in tags and bool(typed) and all(tag[0] in PREFIXES and tag[1:2] == "-" for tag in typed)


@final
class SpanF1(Metric):
    """The harmonic mean of precision and recall of whole spans, each right in begin, end and type.

    A span is what seqeval (and conlleval) takes for one, by default: it begins at a B- or S-, after an E- or
    S-, after an O, or where the type changes; and ends with an E- or S-, or where the next one begins or an O
    stands. So a span that begins with I- counts. Computed over all spans (micro average); 0 where none is
    right.
    Reference: Tjong Kim Sang & De Meulder, 2003, https://aclanthology.org/W03-0419; seqeval,
    https://github.com/chakki-works/seqeval.

    Args:
        tags: The tags in the order of their numbers.
    """

    full_state_update = False
    right: Tensor
    found: Tensor
    given: Tensor

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__()
        types = {tag[2:]: number for number, tag in enumerate(tags)}
        self.letters = [LETTERS.index(tag[0]) for tag in tags]
        self.types = [types[tag[2:]] for tag in tags]
        for name in ("right", "found", "given"):
            self.add_state(name, torch.tensor(0), dist_reduce_fx="sum")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Counts the spans of sequences that stand one after the other.

        Args:
            predictions: Numbers of tags (N,).
            targets: Those that are right; -100 stands between sequences, and where nothing is counted.
        """
        breaks = targets == IGNORED
        letter, kind = self._named(targets.masked_fill(breaks, 0), breaks)
        other, other_kind = self._named(predictions, breaks)
        begins, ends = _bounds(letter, kind)
        other_begins, other_ends = _bounds(other, other_kind)
        self.given += begins.sum()
        self.found += other_begins.sum()
        both = begins & other_begins & (kind == other_kind)
        same_end = _end_of_each(ends) == _end_of_each(other_ends)
        self.right += (both & same_end).sum()

    def compute(self) -> Tensor:
        return 2 * self.right / (self.found + self.given).clamp(min=1)

    def _named(self, tags: Tensor, breaks: Tensor) -> tuple[Tensor, Tensor]:
        """The letter and the type of each tag; an O where there is a break."""
        letters, types = torch.tensor(self.letters).to(tags), torch.tensor(self.types).to(tags)
        return letters[tags].masked_fill(breaks, 0), types[tags].masked_fill(breaks, -1)


def _bounds(letter: Tensor, kind: Tensor) -> tuple[Tensor, Tensor]:
    """Where spans begin, and where they end."""
    inside = letter > 0
    zero = letter.new_zeros(1)
    before, before_kind = torch.cat([zero, letter[:-1]]), torch.cat([zero - 1, kind[:-1]])
    anew = (letter == B) | (letter == S) | (before == E) | (before == S) | (before == 0)
    begins = inside & (anew | (kind != before_kind))
    after_begins = torch.cat([begins[1:], begins.new_ones(1)])
    after_inside = torch.cat([inside[1:], inside.new_zeros(1)])
    return begins, inside & (after_begins | ~after_inside)


def _end_of_each(ends: Tensor) -> Tensor:
    """For each step the next one, itself included, at which a span ends."""
    places = torch.arange(len(ends), device=ends.device)
    marked = torch.where(ends, places, len(ends))
    return marked.flip(0).cummin(0).values.flip(0)
