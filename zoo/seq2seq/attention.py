"""Attention: which steps of the source matter to a step of the target."""

from typing import NamedTuple, final

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from zoo.seq2seq.spec import AttentionName


class Memory(NamedTuple):
    """What an encoder has left to attend to.

    Attributes:
        values: m, its outputs.
        keys: What the scores are made of, the same for all steps of the target.
        valid: True at the valid steps of each source; None where all are.
    """

    values: Float[Tensor, "B S E"]
    keys: Float[Tensor, "B S K"]
    valid: Bool[Tensor, "B S"] | None

    def rows(self, chosen: Tensor) -> "Memory":
        """These rows of it (N,), which may repeat."""
        valid = None if self.valid is None else self.valid[chosen]
        return Memory(self.values[chosen], self.keys[chosen], valid)


@final
class Attention(nn.Module):
    """Weights a over the steps of the source by their scores e, and the weighted mean c of its outputs m.

    Equations::

        a_ts = exp(e_ts) / Σ_s' exp(e_ts')        c_t = Σ_s a_ts m_s

        additive  e_ts = v · tanh(W q_t + U m_s)
        dot       e_ts = q_t · m_s
        general   e_ts = q_t · W m_s

    Padding has the weight 0; a source of length 0 has the context 0. The query q_t is the decoder's output at
    this step, as in Luong et al.; Bahdanau et al. take its state before it.
    Reference: additive: Bahdanau et al., 2015, https://arxiv.org/abs/1409.0473, appendix A.1.2;
    others: Luong et al., 2015, https://arxiv.org/abs/1508.04025, equation 8.

    Args:
        kind: additive, dot or general.
        query_size: Width of the queries.
        memory_size: E, width of the encoder's outputs.
        size: Width of the hidden layer of additive attention.

    Raises:
        ValueError: dot products are to be taken of vectors of different widths.
    """

    def __init__(self, kind: AttentionName, query_size: int, memory_size: int, size: int) -> None:
        super().__init__()
        if kind == "dot" and query_size != memory_size:
            raise ValueError(
                f"attention 'dot' multiplies outputs of the decoder, of width {query_size}, with those of "
                f"the encoder, of width {memory_size}; expected equal widths, or attention 'general'"
            )
        self.kind = kind
        width = {"additive": size, "dot": memory_size, "general": query_size}[kind]
        self.key = nn.Identity() if kind == "dot" else nn.Linear(memory_size, width, bias=False)
        self.query = nn.Linear(query_size, size, bias=False) if kind == "additive" else nn.Identity()
        self.score = nn.Linear(size, 1, bias=False) if kind == "additive" else None

    def memory(self, values: Float[Tensor, "B S E"], valid: Bool[Tensor, "B S"] | None) -> Memory:
        """What is attended to, with all that does not depend on the queries."""
        return Memory(values, self.key(values), valid)

    def forward(
        self, queries: Float[Tensor, "B U H"], memory: Memory
    ) -> tuple[Float[Tensor, "B U E"], Float[Tensor, "B U S"]]:
        """The contexts c and the weights a."""
        q, keys = self.query(queries), memory.keys
        if self.score is None:
            scores = q @ keys.transpose(1, 2)
        else:
            scores = self.score(torch.tanh(q[:, :, None] + keys[:, None])).squeeze(-1)
        if memory.valid is None:
            weights = scores.softmax(-1)
        else:
            valid = memory.valid[:, None]
            weights = scores.masked_fill(~valid, torch.finfo(scores.dtype).min).softmax(-1) * valid
        return weights @ memory.values, weights
