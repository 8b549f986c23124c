"""The LSTM with layer normalisation."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell

EPSILON = 1e-5
"""Added to each variance, so that a constant vector is no division by zero."""


@final
@dataclass(frozen=True, kw_only=True)
class LayerNormLSTMSpec(ForgetSpec):
    """Options of the LSTM with layer normalisation."""


class LayerNormLSTMState(NamedTuple):
    """State of the LSTM with layer normalisation: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("layernorm_lstm", LayerNormLSTMSpec)
class LayerNormLSTM(Cell):
    r"""The LSTM with layer normalisation: each sum keeps its scale, whatever the weights and the state are.

    Equations, with N(z) = (z - mean z) / sqrt(var z + 1e-5) over all entries of z::

        [i, f, g, o] = α_h ∘ N(U h_{t-1}) + α_x ∘ N(W x_t) + b
        c_t = σ(f) ∘ c_{t-1} + σ(i) ∘ tanh(g)
        h_t = σ(o) ∘ tanh(α_c ∘ N(c_t) + β_c)

    Rows of the fused weights: i, f, g, o. `gain_hh` (4H,): α_h; `gain_ih` (4H,): α_x; `gain_c`, `bias_c`
    (H,): α_c, β_c. State: h, c (B, H), c as it is before normalisation. Output: h_t.
    Reference: Ba et al., 2016, https://arxiv.org/abs/1607.06450, eq. 20-22. As there, the four gates' sums
    are normalised as one vector of 4H, where TensorFlow's cell normalises each gate by itself.
    While input and state are zero, as in blank steps at the beginning, each N multiplies gradients by
    1 / sqrt(1e-5) = 316, two of them in a step: after a few such steps they are infinite.
    Deviations: b stands for the paper's b and the shifts of its two normalisations, which only add up; the
    gains start at 1 and b_f at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Ba et al., 2016, https://arxiv.org/abs/1607.06450",
        equations="20-22",
        no_decay=("gain_ih", "gain_hh", "gain_c", "bias_c"),
        own_start=("gain_ih", "gain_hh", "gain_c"),
    )
    gates: ClassVar[str] = "ifgo"
    state_type = LayerNormLSTMState
    spec: LayerNormLSTMSpec
    bias_c: Tensor | None

    def add_parameters(self) -> None:
        width = self.hidden_size
        self.gain_ih = nn.Parameter(torch.empty(4 * width))
        self.gain_hh = nn.Parameter(torch.empty(4 * width))
        self.gain_c = nn.Parameter(torch.empty(width))
        self.register_parameter("bias_c", nn.Parameter(torch.empty(width)) if self.spec.bias else None)

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return tuple(part for part in (self.gain_hh, self.gain_c, self.bias_c) if part is not None)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for gain in (self.gain_ih, self.gain_hh, self.gain_c):
            nn.init.ones_(gain)
        if self.bias is not None and self.bias_c is not None:
            nn.init.zeros_(self.bias_c)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """α_x ∘ N(W x) + b."""
        z = F.linear(x, self.weight_ih)
        return F.layer_norm(z, z.shape[-1:], self.gain_ih, self.bias, EPSILON)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        z = product("ifgo", h)
        z = F.layer_norm(z, z.shape[-1:], self.gain_hh, None, EPSILON)
        i, f, g, o = (pre + z).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * candidate(torch.tanh(g), product)
        seen = F.layer_norm(c, c.shape[-1:], self.gain_c, self.bias_c, EPSILON)
        h = torch.sigmoid(o) * torch.tanh(seen)
        return h, LayerNormLSTMState(h, c)
