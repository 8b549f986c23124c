"""The layer that predictions come out of."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


@final
class Head(nn.Linear):
    """z = W h + b, or c tanh(z / c), which is near z while that is small, and never beyond ± c.

    Reference: Gemma Team, 2024, https://arxiv.org/abs/2408.00118 (soft capping of logits).

    Args:
        in_features: Width of h.
        out_features: Width of z.
        bias: Whether b is there.
        cap: c, or None for none.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool, cap: float | None) -> None:
        super().__init__(in_features, out_features, bias)
        self.cap = cap

    def forward(self, input: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        z = super().forward(input)
        return z if self.cap is None else self.cap * torch.tanh(z / self.cap)

    def tie(self, embedding: nn.Embedding | None) -> None:
        """Takes the matrix of an embedding for W.

        Raises:
            ValueError: there is none, or it has another shape.
        """
        if embedding is None or embedding.weight.shape != self.weight.shape:
            embedded = None if embedding is None else tuple(embedding.weight.shape)
            raise ValueError(
                f"tie_weights needs an embedding of the head's shape {tuple(self.weight.shape)}, got "
                f"{embedded}; expected embedding_size equal to the encoder's output width"
            )
        self.weight = embedding.weight


NARROWER = 4
"""How many times narrower each cluster is than the one before."""


@final
class AdaptiveHead(nn.Module):
    """Log-probabilities by an adaptive softmax: frequent types first, rare ones in narrower clusters.

    Types are to be numbered from the most frequent one on. A loss computes only the clusters that its targets
    are in, see `zoo.tasks.head_loss`; all log-probabilities are as good as the scores of any other head.
    Reference: Grave et al., 2017, https://arxiv.org/abs/1609.04309.

    Args:
        in_features: Width of h.
        out_features: How many types there are.
        bias: Whether the frequent types and the clusters have biases.
        cutoffs: The first type of each cluster, ascending.

    Raises:
        ValueError: the cutoffs do not ascend between 0 and the number of types, or h is too narrow for them.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool, cutoffs: Sequence[int]) -> None:
        super().__init__()
        if any(a >= b for a, b in pairwise([0, *cutoffs, out_features])):
            raise ValueError(
                f"adaptive_cutoffs is {list(cutoffs)}; expected numbers that ascend between 0 and the "
                f"{out_features} outputs"
            )
        if in_features < NARROWER ** len(cutoffs):
            raise ValueError(
                f"adaptive_cutoffs makes {len(cutoffs)} clusters, each {NARROWER} times narrower than the "
                f"one before, of {in_features} features; expected fewer"
            )
        self.out_features = out_features
        self.softmax = nn.AdaptiveLogSoftmaxWithLoss(
            in_features, out_features, list(cutoffs), div_value=NARROWER, head_bias=bias
        )

    @property
    def weight(self) -> Tensor:
        """The matrix of the frequent types and the clusters."""
        return self.softmax.head.weight

    def forward(self, input: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        # torch gathers in place, in one type of numbers
        with torch.autocast(input.device.type, enabled=False):
            found: Tensor = self.softmax.log_prob(input.to(self.weight.dtype).flatten(0, -2))
        return found.view(*input.shape[:-1], self.out_features)

    def log_probability(self, h: Float[Tensor, "N H"], y: Int[Tensor, " N"]) -> Float[Tensor, " N"]:
        """That of one type for each row."""
        with torch.autocast(h.device.type, enabled=False):
            found: Tensor = self.softmax(h.to(self.weight.dtype), y).output
        return found


AnyHead: TypeAlias = Head | AdaptiveHead


def head_of(
    in_features: int, out_features: int, bias: bool, cap: float | None, cutoffs: Sequence[int]
) -> AnyHead:
    """A head, with an adaptive softmax where there are cutoffs."""
    if cutoffs:
        return AdaptiveHead(in_features, out_features, bias, cutoffs)
    return Head(in_features, out_features, bias, cap)


def check_head(cap: float | None, cutoffs: Sequence[int], tied: bool) -> None:
    """Refuses a cap that is none, and what an adaptive softmax cannot be together with."""
    if cap is not None and not 0 < cap < float("inf"):
        raise ValueError(f"logit_cap is {cap!r}; expected a positive number")
    for name, is_given in {"tie_weights": tied, "logit_cap": cap is not None}.items():
        if cutoffs and is_given:
            raise ValueError(f"adaptive_cutoffs is given together with {name}; expected one of them")
