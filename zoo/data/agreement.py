"""Agreement of subject and verb, with nouns between them that lead astray."""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, final

import torch
from torch.nn.utils.rnn import pad_sequence

from zoo.data import DATA
from zoo.data.base import Record
from zoo.data.batches.datasets import Batch, RaggedSequences, TensorSequences
from zoo.data.batches.splits import Split
from zoo.data.synthetic.agreement_grammar import NUMBERS, WORDS, sentence
from zoo.data.synthetic.made import MadeData
from zoo.registry import nearest

NUMBER_OF = {word: number for number, word in enumerate(WORDS)}


@final
@DATA.register("agreement")
class Agreement(MadeData):
    r"""Predict whether a verb is singular or plural: "The author that the critics of the boy ...".

    Sentences of a small grammar up to one of their verbs, which agrees with its subject. Between the two
    stand attractors, nouns of the other number, and up to `others` nouns of the subject's own, in any order,
    in prepositional phrases and relative clauses with verbs of their own, one within another. The subject may
    be that of the sentence, or of a relative clause that is still open; nouns may stand before it, too. So
    what counts is which verbs have been read, not which noun was first or last.

    Each number of attractors is as frequent as each other, and with each of them half of the subjects are
    plural, so that neither the attractors nor the length tell anything: whoever does not look has a
    cross-entropy of ln 2 (`baseline`) and is right half the time. Whoever takes the number of the nearest
    noun is right with `nearest_noun[attractors]`. Trained on few attractors and tested on more, a model has
    to have learned what the verb agrees with. With at most one attractor in training it need not: that most
    nouns have the number of the verb will do.

    Batches: `x` (B, T), words; `y` (B,), 0 singular and 1 plural; `lengths` (B,); `attractors` (B,), their
    number, which `rows` tells, too.
    Reference: the task of Linzen et al., 2016, https://arxiv.org/abs/1611.01368 (number prediction), whose
    sentences are found, not made, and in whose test set plurals become more frequent with attractors.

    Args:
        train_attractors: Least and greatest number of attractors in training and validation.
        test_attractors: Least and greatest number of attractors in testing.
        others: Greatest number of other nouns between subject and verb; each from 0 is as frequent.
        batch_size: Sentences of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Sentences of the validation set.
        test_size: Sentences of the test set.
        seed: Decides every sentence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        train_attractors: tuple[int, int] = (0, 2),
        test_attractors: tuple[int, int] = (0, 5),
        others: int = 2,
        batch_size: int = 32,
        steps_per_epoch: int = 500,
        val_size: int = 1000,
        test_size: int = 6000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        for name, (least, most) in (("train", train_attractors), ("test", test_attractors)):
            if not 0 <= least <= most:
                raise ValueError(
                    f"{name}_attractors is {[least, most]}; expected the least number, from 0, and the "
                    f"greatest"
                )
        if others < 0:
            raise ValueError(f"others is {others}; expected a number of nouns, from 0")
        self.train_attractors, self.test_attractors = train_attractors, test_attractors
        self.others = others

    @property
    def baseline(self) -> float:
        """Cross-entropy, in nats, of answering without looking; the accuracy of that is one half."""
        return math.log(2)

    @property
    def nearest_noun(self) -> dict[int, float]:
        """How often the noun nearest to the verb has the verb's number, by the number of attractors.

        Of k attractors and m other nouns in any order the last one is an attractor with k / (k + m).
        """
        least, most = self.test_attractors
        counts = range(self.others + 1)
        return {k: sum(m / (k + m) if k else 1 for m in counts) / len(counts) for k in range(least, most + 1)}

    @property
    def sizes(self) -> dict[str, int]:
        return {"vocab_size": len(WORDS), "num_classes": len(NUMBERS)}

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": list(NUMBERS)}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return self.draw_for("train")

    def draw_for(self, split: Split) -> Callable[[int, torch.Generator], Batch]:
        return partial(
            draw_sentences,
            self.train_attractors if split in ("train", "val") else self.test_attractors,
            self.others,
        )

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each sentence of the test set with its number of attractors, and the right answer."""
        data = self.dataset("test")
        assert isinstance(data, TensorSequences)
        fields = (data.fields[name].tolist() for name in ("x", "y", "lengths", "attractors"))
        for (x, y, length, attractors), record in zip(zip(*fields, strict=True), records, strict=False):
            text = " ".join(WORDS[word] for word in x[:length])
            yield {"attractors": attractors, **record, "given_label": NUMBERS[y], "text": text}

    def given(self, items: Sequence[Any]) -> RaggedSequences:
        """Sentences up to their verb, of the words of the grammar.

        Raises:
            ValueError: one is no text, or has another word.
        """
        return RaggedSequences([_encoded(number, item) for number, item in enumerate(items)])


def draw_sentences(bounds: tuple[int, int], others: int, count: int, random_: torch.Generator) -> Batch:
    """Makes `x` (count, T), `y`, `lengths` and `attractors` (count,)."""
    least, most = bounds
    cells = torch.randperm(count, generator=random_) % (2 * (most - least + 1))
    y, attractors = cells % 2, least + cells // 2
    rng = random.Random(int(torch.randint(2**62, (1,), generator=random_)))
    items: list[torch.Tensor] = []
    for plural, wrong in zip(y.bool().tolist(), attractors.tolist(), strict=True):
        between = [not plural] * wrong + [plural] * rng.randint(0, others)
        rng.shuffle(between)
        items.append(torch.tensor([NUMBER_OF[word] for word in sentence(rng, plural, between)]))
    lengths = torch.tensor([len(item) for item in items])
    return {
        "x": pad_sequence(items, batch_first=True),
        "y": y,
        "lengths": lengths,
        "attractors": attractors,
    }


def _encoded(number: int, item: object) -> torch.Tensor:
    if not isinstance(item, str) or not item.strip():
        raise ValueError(f"item {number} is {item!r}; expected a text of at least one word")
    for word in item.lower().split():
        if word not in NUMBER_OF:
            raise ValueError(
                f"item {number} has the word {word!r}{nearest(word, WORDS) or ';'} expected one of "
                f"{len(WORDS) - 1}, such as {', '.join(WORDS[1:6])}"
            )
    return torch.tensor([NUMBER_OF[word] for word in item.lower().split()])
