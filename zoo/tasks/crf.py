"""A linear-chain conditional random field: exact likelihoods, marginals and best sequences of tags."""

from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from zoo.tasks.contract import IGNORED


@final
class LinearChainCRF(nn.Module):
    r"""Scores of whole sequences of tags: what a tag follows counts, not only what it stands on.

    Equations::

        s(x, y) = start_{y_1} + Σ_t e_t(y_t) + Σ_{t>1} transitions_{y_{t-1}, y_t} + end_{y_T}
        log p(y | x) = s(x, y) - log Σ_{y'} exp s(x, y')

    e_t are the scores (B, T, C) that a network gives each tag at each step. Sums and maxima over all C^T
    sequences are exact, by dynamic programming in O(T C^2). Steps beyond a sequence's length count for
    nothing, and a sequence of length 0 has the likelihood 1. All scores of its own start at 0, where it is a
    softmax of each step by itself.
    Reference: Lafferty et al., 2001; with a BiLSTM: Huang et al., 2015, https://arxiv.org/abs/1508.01991;
    start and end scores as in Lample et al., 2016, https://arxiv.org/abs/1603.01360.

    Args:
        tags: C, the number of tags.
    """

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))
        self.transitions = nn.Parameter(torch.zeros(tags, tags))

    def log_likelihood(
        self, emissions: Float[Tensor, "B T C"], tags: Int[Tensor, "B T"], lengths: Int[Tensor, " B"]
    ) -> Float[Tensor, " B"]:
        """log p(y | x) of each sequence, in nats.

        Args:
            emissions: Scores of each tag at each step.
            tags: The tags; where one is -100 it is unknown, and the sum is over all tags that it could be.
            lengths: Valid steps of each sequence, 0 to T.
        """
        known = (tags != IGNORED).unsqueeze(-1)
        own = torch.arange(emissions.shape[-1], device=tags.device) == tags.unsqueeze(-1)
        allowed = emissions.masked_fill(known & ~own, -torch.inf)
        both = self.log_partition(torch.cat([allowed, emissions]), torch.cat([lengths, lengths]))
        given, whole = both.chunk(2)
        return given - whole

    def log_partition(
        self, emissions: Float[Tensor, "B T C"], lengths: Int[Tensor, " B"]
    ) -> Float[Tensor, " B"]:
        """log of the sum of exp s(x, y) over all sequences y; 0 for a sequence of length 0."""
        if emissions.shape[1] == 0:
            return emissions.sum((1, 2))
        alpha = self.start + emissions[:, 0]
        for t in range(1, emissions.shape[1]):
            after = (alpha.unsqueeze(2) + self.transitions).logsumexp(1) + emissions[:, t]
            alpha = torch.where((t < lengths)[:, None], after, alpha)
        return (alpha + self.end).logsumexp(1).masked_fill(lengths == 0, 0)

    def marginals(
        self, emissions: Float[Tensor, "B T C"], lengths: Int[Tensor, " B"]
    ) -> Float[Tensor, "B T C"]:
        """p(y_t | x) of each tag at each step, summed over all tags of the others; 0 in the padding."""
        steps = emissions.shape[1]
        if steps == 0:
            return emissions
        alphas = [self.start + emissions[:, 0]]
        for t in range(1, steps):
            alphas.append((alphas[-1].unsqueeze(2) + self.transitions).logsumexp(1) + emissions[:, t])
        beta = self.end.expand(len(emissions), -1)
        found = [alphas[-1] + beta]
        for t in range(steps - 2, -1, -1):
            before = (self.transitions + (emissions[:, t + 1] + beta).unsqueeze(1)).logsumexp(2)
            beta = torch.where((t + 1 < lengths)[:, None], before, self.end)
            found.append(alphas[t] + beta)
        valid = torch.arange(steps, device=lengths.device) < lengths[:, None]
        return torch.stack(found[::-1], 1).softmax(-1) * valid.unsqueeze(-1)

    @torch.no_grad()
    def best(self, emissions: Float[Tensor, "B T C"], lengths: Int[Tensor, " B"]) -> Int[Tensor, "B T"]:
        """The sequence of tags with the highest score, by the algorithm of Viterbi; 0 in the padding."""
        count, steps, tags = emissions.shape
        if steps == 0:
            return torch.zeros(count, 0, dtype=torch.long, device=emissions.device)
        delta, stay = self.start + emissions[:, 0], torch.arange(tags, device=emissions.device)
        origins: list[Tensor] = []
        for t in range(1, steps):
            most, origin = (delta.unsqueeze(2) + self.transitions).max(1)
            valid = (t < lengths)[:, None]
            origins.append(torch.where(valid, origin, stay))
            delta = torch.where(valid, most + emissions[:, t], delta)
        path = [(delta + self.end).argmax(1)]
        for origin in reversed(origins):
            path.append(origin.gather(1, path[-1][:, None])[:, 0])
        valid = torch.arange(steps, device=lengths.device) < lengths[:, None]
        return torch.stack(path[::-1], 1) * valid
