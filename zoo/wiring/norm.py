"""Normalisations that wirings choose from."""

from typing import Literal

from torch import nn

NormName = Literal["layer", "rms"]
"""Layer normalisation (Ba et al., 2016, https://arxiv.org/abs/1607.06450), or by the root mean square alone,
without mean and bias (Zhang & Sennrich, 2019, https://arxiv.org/abs/1910.07467)."""
EPSILON = 1e-5
"""Added to what is divided by."""


def norm_of(name: NormName, width: int, epsilon: float = EPSILON) -> nn.LayerNorm | nn.RMSNorm:
    """The normalisation of vectors of this width, with a gain that starts at 1."""
    return nn.LayerNorm(width, eps=epsilon) if name == "layer" else nn.RMSNorm(width, eps=epsilon)
