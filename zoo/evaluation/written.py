"""Sequences that were written beside those that were asked for."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import torch
from torch import Tensor

from zoo.evaluation.edits import Edit, edits, kinds
from zoo.evaluation.wording import named, share
from zoo.runs.evaluation import Sheet
from zoo.tasks.answers import Written

MOST_EDITS = 20
"""Edits that are listed."""
NOTHING = "(nothing)"


@final
@dataclass(eq=False)
class Pairs:
    """What was written and what was asked for, of all sequences."""

    pairs: list[Written] = field(default_factory=list)
    edits: list[list[Edit]] = field(default_factory=list)
    decode: Callable[[Iterable[int]], Any] | None = None
    labels: list[Any] | None = None

    def __len__(self) -> int:
        return len(self.pairs)

    def extend(self, more: Iterable[Written], legend: Mapping[str, Any]) -> None:
        """Takes those of a batch in, with the words of the data for their numbers."""
        known = list(more)
        self.pairs += known
        self.edits += [edits(true, said) for said, true in known]
        self.decode, self.labels = legend.get("decode"), legend.get("labels")

    @property
    def exact(self) -> Tensor:
        """Which were written as they were asked for, (N,)."""
        return torch.tensor([said == true for said, true in self.pairs], dtype=torch.bool)

    def texts(self) -> list[tuple[str, str]]:
        """The truth and what was written, in words."""
        return [(self._text(true), self._text(said)) for said, true in self.pairs]

    def columns(self) -> dict[str, Callable[[Tensor], str]]:
        """What is said of some of them: which part is exact, edits by symbols, and of texts BLEU and chrF."""
        if not self.pairs:
            return {}
        exact = self.exact
        counts = torch.tensor([len(each) for each in self.edits])
        sizes = torch.tensor([len(true) for _, true in self.pairs])
        columns: dict[str, Callable[[Tensor], str]] = {
            "exact": lambda part: share(int(exact[part].sum()), len(part)),
            "error rate": lambda part: share(int(counts[part].sum()), int(sizes[part].sum())),
        }
        return columns | (self._scores() if self.decode is not None else {})

    def _scores(self) -> dict[str, Callable[[Tensor], str]]:
        # Late: nothing else needs it.
        from sacrebleu import BLEU, CHRF

        texts = self.texts()
        kinds: dict[str, Any] = {"chrF": CHRF()}
        if any(len(true.split()) >= BLEU().max_ngram_order for true, _ in texts):
            kinds = {"BLEU": BLEU(), **kinds}

        def scored(score: Any, part: Tensor) -> str:
            true, said = zip(*(texts[k] for k in part.tolist()), strict=True)
            return f"{score.corpus_score(list(said), [list(true)]).score:.1f}"

        return {name: partial(scored, score) for name, score in kinds.items()}

    def sheets(self) -> Iterator[Sheet]:
        """The kinds of edits, and the edits that are most frequent."""
        counted = Counter[Edit](edit for each in self.edits for edit in each)
        if not counted:
            return
        symbols = sum(len(true) for _, true in self.pairs)
        rows = [[kind, f"{times:,}", share(times, symbols)] for kind, times in kinds(counted).items()]
        rows.append(["all", f"{counted.total():,}", share(counted.total(), symbols)])
        yield Sheet("What is edited", ["edit", "times", "per symbol asked for"], rows)
        often = sorted(counted.items(), key=lambda item: (-item[1], _order(item[0])))[:MOST_EDITS]
        table = [[self._symbol(true), self._symbol(said), f"{times:,}"] for (true, said), times in often]
        yield Sheet("The most frequent edits", ["asked for", "written", "times"], table)

    def _text(self, numbers: list[int]) -> str:
        if self.decode is not None:
            return str(self.decode(numbers))
        return " ".join(map(self._symbol, numbers))

    def _symbol(self, number: int | None) -> str:
        if number is None:
            return NOTHING
        if self.decode is not None:
            return named(number, {number: str(self.decode([number]))})
        return named(number, self.labels)


def _order(edit: Edit) -> tuple[int, int]:
    """Where an edit stands among those that are as frequent."""
    true, said = edit
    return (-1 if true is None else true), (-1 if said is None else said)
