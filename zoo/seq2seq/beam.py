"""Beam search: the most probable sequences that a step function can write."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

State = TypeVar("State")
Advance = Callable[[Tensor, State], tuple[Tensor, State]]
"""The last token (N,) and the state of each hypothesis -> log-probabilities (N, V) of the next, the state."""
Choose = Callable[[State, Tensor], State]
"""A state and the numbers of rows (N,) -> the state of those rows."""


class Hypotheses(NamedTuple):
    """The best sequences of each row, the best first.

    Attributes:
        tokens: Without the first token, with the last; 0 beyond the end.
        lengths: Tokens of each, the last included; 0 where there are fewer than K hypotheses.
        scores: Log-probability in nats, divided by the length penalty; -inf where there are fewer.
    """

    tokens: Int[Tensor, "B K U"]
    lengths: Int[Tensor, "B K"]
    scores: Float[Tensor, "B K"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How a search goes and where it ends."""

    begin: int
    """The token that is read first."""
    end: int
    """The token with which a sequence ends."""
    beam: int
    """K, hypotheses that are kept at each step; 1 is greedy search."""
    length: int
    """Most tokens of a sequence; one that has not ended by then is taken as it is."""
    penalty: float = 0.0
    """α of the length penalty; 0 is none."""


def length_penalty(length: int | Tensor, alpha: float) -> Any:
    """By what the log-probability of so many tokens is divided: (5 + length)^α / 6^α.

    Reference: Wu et al., 2016, https://arxiv.org/abs/1609.08144, equation 14; the end counts as a token.
    """
    return ((5 + length) / 6) ** alpha


def beam_search(
    advance: Advance[State], choose: Choose[State], state: State, rows: int, limits: Limits
) -> Hypotheses:
    """Searches all rows of a batch at once.

    At each step the K best continuations of a row go on, but those that end among the K best are finished;
    the K best of these, by their score, are the result. A search is over when nothing that goes on could
    still be among them. With as wide a beam as there are sequences it is exact.

    Args:
        advance: The step function.
        choose: Takes rows of a state.
        state: Of each row, before the first step; `choose` makes K rows of each.
        rows: B.
        limits: How wide, how far, and which tokens begin and end.
    """
    K, device = limits.beam, _device(state)
    state = choose(state, torch.arange(rows, device=device).repeat_interleave(K))
    last = torch.full((rows * K,), limits.begin, device=device)
    live: Tensor | None = None
    written = torch.zeros(rows, K, 0, dtype=torch.long, device=device)
    finished = Finished.none(rows, limits, device)
    for _ in range(limits.length):
        log_p, state = advance(last, state)
        live = _first(rows, K, log_p) if live is None else live
        types = log_p.shape[-1]
        sums = (live[..., None] + log_p.view(rows, K, types)).flatten(1)
        best, places = sums.topk(min(2 * K, sums.shape[1]), dim=1)
        origin, token = places // types, places % types
        candidates = torch.cat([_rows_of(written, origin), token[..., None]], dim=-1)
        ends = token == limits.end
        finished = finished.with_more(candidates[:, :K], best[:, :K].masked_fill(~ends[:, :K], -torch.inf))
        live, kept = best.masked_fill(ends, -torch.inf).topk(K, dim=1)
        written, last = _rows_of(candidates, kept), token.gather(1, kept).flatten()
        bound = live[:, 0] / length_penalty(limits.length, limits.penalty)
        if bool((finished.scores[:, -1] >= bound).all()):
            break
        shift = torch.arange(rows, device=device)[:, None] * K
        state = choose(state, (origin.gather(1, kept) + shift).flatten())
    else:
        if live is not None:
            finished = finished.with_more(written, live)
    return finished.hypotheses()


class Finished(NamedTuple):
    """The K best sequences of each row that have ended so far."""

    tokens: Tensor
    lengths: Tensor
    scores: Tensor
    penalty: float

    @classmethod
    def none(cls, rows: int, limits: Limits, device: torch.device) -> "Finished":
        """No sequence yet."""
        empty = torch.zeros(rows, limits.beam, dtype=torch.long, device=device)
        tokens = empty[..., None].expand(-1, -1, limits.length)
        return cls(tokens, empty, torch.full(empty.shape, -torch.inf, device=device), limits.penalty)

    def with_more(self, tokens: Tensor, log_p: Tensor) -> "Finished":
        """The best of these and of more.

        Args:
            tokens: (B, K, t), sequences of one length.
            log_p: (B, K), their log-probabilities; -inf for what is no sequence.
        """
        t = tokens.shape[-1]
        padded = torch.nn.functional.pad(tokens, (0, self.tokens.shape[-1] - t))
        scores = torch.cat([self.scores.to(log_p.dtype), log_p / length_penalty(t, self.penalty)], dim=1)
        best, places = scores.topk(self.scores.shape[1], dim=1)
        lengths = torch.cat([self.lengths, torch.full_like(self.lengths, t)], dim=1)
        all_tokens = torch.cat([self.tokens, padded], dim=1)
        return Finished(_rows_of(all_tokens, places), lengths.gather(1, places), best, self.penalty)

    def hypotheses(self) -> Hypotheses:
        """The result, no longer than it must be."""
        real = self.scores > -torch.inf
        lengths = self.lengths.masked_fill(~real, 0)
        longest = int(lengths.max()) if lengths.numel() else 0
        return Hypotheses(self.tokens[..., :longest] * real[..., None], lengths, self.scores)


def _first(rows: int, K: int, like: Tensor) -> Tensor:
    """Log-probabilities (B, K) before the first step: one hypothesis, and K - 1 that are none."""
    live = like.new_full((rows, K), -torch.inf)
    live[:, 0] = 0
    return live


def _rows_of(sequences: Tensor, places: Tensor) -> Tensor:
    """The sequences (B, N, U) at these places (B, K) of each row."""
    return sequences.gather(1, places[..., None].expand(-1, -1, sequences.shape[-1]))


def _device(state: Any) -> torch.device:
    """The device of the first tensor in nested tuples."""
    while not isinstance(state, Tensor):
        state = next(part for part in state if part is not None)
    return state.device
