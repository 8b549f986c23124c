"""Names hidden among words: tags of a Markov chain, seen through noise, with a best answer that is known."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from zoo.data import DATA
from zoo.data.base import Record, check_counts
from zoo.data.batches.datasets import Batch, TensorSequences
from zoo.data.synthetic.made import MadeData

TAGS = ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")
TRANSITIONS = torch.tensor(
    [
        [0.00, 0.05, 0.80, 0.00, 0.15],
        [0.05, 0.00, 0.00, 0.80, 0.15],
        [0.00, 0.10, 0.50, 0.00, 0.40],
        [0.10, 0.00, 0.00, 0.50, 0.40],
        [0.15, 0.15, 0.00, 0.00, 0.70],
    ],
    dtype=torch.float64,
)
"""How often a tag (row) is followed by another; no I stands without its B."""
OWN_WORDS = 4
KINDS = (0, 1, 0, 1, 2)
"""Of which words a tag has its own: places, people, others; begin and inside share theirs."""
WORDS = tuple(f"{name}{k}" for name in ("place", "person", "other") for k in range(OWN_WORDS))


@final
@DATA.register("hidden_spans")
class HiddenSpans(MadeData):
    r"""Find spans of places and people in sequences of words that tell them with some noise.

    Tags in IOB2 (B-LOC, I-LOC, B-PER, I-PER, O) follow one another as a Markov chain, which starts from its
    stationary distribution. Each gives a word: one of the 4 of its kind (places, people, others) or, with
    probability `noise`, any of the 12. Words alone tell neither a begin from an inside nor noise from a span;
    their neighbours do. The probability of tags given words is that of a linear-chain CRF, exactly, so the
    best loss and the best accuracy there can be are known: `best`. Whoever does not look has the entropy of
    the stationary distribution (`baseline`).
    Batches: `x` (B, T), words; `y` (B, T), tags.
    Reference: the hidden Markov model of Rabiner, 1989, https://doi.org/10.1109/5.18626; as a CRF, Sutton &
    McCallum, 2012, https://arxiv.org/abs/1011.4088.

    Args:
        length: Steps T of a sequence.
        noise: Share of words that tell nothing, from 0 to 1.
        batch_size: Sequences of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Sequences of the validation set.
        test_size: Sequences of the test set.
        seed: Decides every sequence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        length: int = 20,
        noise: float = 0.3,
        batch_size: int = 32,
        steps_per_epoch: int = 300,
        val_size: int = 1000,
        test_size: int = 2000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        check_counts(length=length)
        if not 0 <= noise <= 1:
            raise ValueError(f"noise is {noise}; expected a share of words, from 0 to 1")
        self.length, self.noise = length, noise

    @property
    def baseline(self) -> float:
        """Cross-entropy for each step of answering without looking, in nats."""
        return float(-(stationary() * stationary().log()).sum())

    @property
    def best(self) -> dict[str, float]:
        """What the test set allows at most: the `loss` in nats for each step, and the `accuracy` of steps."""
        data = self.dataset("test")
        assert isinstance(data, TensorSequences)
        x, y = data.fields["x"], data.fields["y"]
        given, shares = posterior(x, y, self.noise)
        right = (shares.argmax(-1) == y).double().mean()
        return {"loss": -float(given.mean()) / self.length, "accuracy": float(right)}

    @property
    def sizes(self) -> dict[str, int]:
        return {"vocab_size": len(WORDS), "num_classes": len(TAGS)}

    @property
    def legend(self) -> dict[str, Any]:
        return {"tags": list(TAGS)}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_spans, self.length, self.noise)

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each sequence of the test set: its words, and the right tags."""
        data = self.dataset("test")
        assert isinstance(data, TensorSequences)
        pairs = zip(data.fields["x"].tolist(), data.fields["y"].tolist(), strict=True)
        for (x, y), record in zip(pairs, records, strict=False):
            yield {"tokens": [WORDS[k] for k in x], **record, "given_tags": [TAGS[k] for k in y]}


def draw_spans(length: int, noise: float, count: int, random: torch.Generator) -> Batch:
    """Makes `x` and `y`, both (count, length)."""
    y = torch.empty(count, length, dtype=torch.long)
    shares = stationary().expand(count, -1)
    for t in range(length):
        y[:, t] = torch.multinomial(shares, 1, generator=random)[:, 0]
        shares = TRANSITIONS[y[:, t]]
    x = torch.multinomial(emissions(noise)[y].flatten(0, 1), 1, generator=random)
    return {"x": x.view(count, length), "y": y}


def stationary() -> Float[Tensor, " 5"]:
    """How frequent each tag is: the distribution that the transitions leave as it is."""
    after_many: Tensor = torch.linalg.matrix_power(TRANSITIONS, 64)
    return after_many[0]


def emissions(noise: float) -> Float[Tensor, "5 12"]:
    """How often each tag gives each word."""
    own = torch.tensor(KINDS)[:, None] == torch.arange(len(WORDS)) // OWN_WORDS
    return (1 - noise) * own.double() / OWN_WORDS + noise / len(WORDS)


def posterior(
    x: Int[Tensor, "B T"], y: Int[Tensor, "B T"], noise: float
) -> tuple[Float[Tensor, " B"], Float[Tensor, "B T 5"]]:
    """log p(y | x) of sequences of tags, and p(y_t | x) of each tag at each step.

    By the forward and the backward recursion in probabilities, scaled at each step.
    """
    seen = emissions(noise).T[x]
    alphas, evidence = [stationary() * seen[:, 0]], torch.zeros(len(x), dtype=torch.float64)
    for t in range(x.shape[1]):
        if t:
            alphas.append((alphas[-1] @ TRANSITIONS) * seen[:, t])
        scale = alphas[t].sum(1, keepdim=True)
        evidence += scale[:, 0].log()
        alphas[t] = alphas[t] / scale
    beta = torch.ones_like(alphas[0])
    shares = [alphas[-1]]
    for t in range(x.shape[1] - 2, -1, -1):
        beta = (seen[:, t + 1] * beta) @ TRANSITIONS.T
        beta = beta / beta.sum(1, keepdim=True)
        both = alphas[t] * beta
        shares.append(both / both.sum(1, keepdim=True))
    chain = stationary()[y[:, 0]].log() + TRANSITIONS[y[:, :-1], y[:, 1:]].log().sum(1)
    words = seen.gather(2, y.unsqueeze(2)).log().sum((1, 2))
    return chain + words - evidence, torch.stack(shares[::-1], 1)
