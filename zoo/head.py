"""The linear layer that predictions come out of."""

from typing import final

import torch
from jaxtyping import Float
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
