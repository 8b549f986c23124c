"""Text from a language model, token by token."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from zoo.model import Model
from zoo.registry import check_positive


@final
@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is drawn from what a model holds likely."""

    temperature: float = 1.0
    """What scores are divided by: below 1 the likely becomes likelier; 0 takes the likeliest always."""

    top_k: int | None = None
    """Draws among so many of the likeliest tokens only."""

    top_p: float | None = None
    """Draws among the fewest tokens that are this likely together (Holtzman et al., 2020,
    https://arxiv.org/abs/1904.09751)."""

    seed: int = 0
    """Decides what is drawn."""

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise ValueError(f"temperature is {self.temperature}; expected a number from 0 up")
        if self.top_k is not None:
            check_positive("top_k", self.top_k)
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p}; expected a share above 0 and up to 1")

    def shares(self, scores: Float[Tensor, " V"]) -> Float[Tensor, " V"]:
        """With which probability each token is drawn."""
        if self.temperature == 0:
            return torch.zeros_like(scores).index_fill_(0, scores.argmax(), 1.0)
        shares, order = (scores / self.temperature).softmax(-1).sort(descending=True, stable=True)
        if self.top_k is not None:
            shares[self.top_k :] = 0
        if self.top_p is not None:
            before = (shares / shares.sum()).cumsum(-1).roll(1)
            before[0] = 0
            shares = shares.masked_fill(before >= self.top_p, 0)
        return torch.zeros_like(shares).scatter_(0, order, shares / shares.sum())


@torch.no_grad()
def tokens_after(
    model: Model, prompt: Int[Tensor, " T"], sampling: Sampling, never: Sequence[int] = ()
) -> Iterator[int]:
    """Tokens that go on from a prompt, without end; the state is carried from one to the next.

    Args:
        model: In evaluation; predicts every step, and reads forward.
        prompt: Tokens to begin with, at least one.
        sampling: How each is drawn.
        never: Tokens that are not drawn, such as that for what is unknown.

    Raises:
        ValueError: the prompt is empty.
    """
    if not len(prompt):
        raise ValueError("the prompt has no token; expected at least one to go on from")
    random = torch.Generator().manual_seed(sampling.seed)
    scores, state = model(prompt[None], None, model.initial_state(1))
    scores, stream = scores[:, -1], model.stream(1, state)
    while True:
        allowed = scores[0].cpu().index_fill(0, torch.tensor(never, dtype=torch.long), -torch.inf)
        drawn = torch.multinomial(sampling.shares(allowed), 1, generator=random)
        yield int(drawn)
        scores = stream(drawn.to(scores.device))
