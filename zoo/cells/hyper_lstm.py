"""The HyperLSTM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class HyperLSTMSpec(CellSpec):
    """Options of the HyperLSTM."""

    hyper: int | None = None
    """K: width of the small LSTM; that of the large one if not given."""

    embedding: int | None = None
    """Z: numbers by which the small LSTM says how to scale a gate; K if not given."""

    layer_norm: bool = False
    """Whether the sums of each gate, and the cell state on its way out, are normalised."""

    forget_bias: float = 1.0
    """Initial bias of the forget gates; 1 keeps the memory open at the start (Jozefowicz et al., 2015)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, width in (("hyper", self.hyper), ("embedding", self.embedding)):
            if width is not None:
                check_positive(name, width)


class HyperLSTMState(NamedTuple):
    """State of the HyperLSTM: hidden and cell state of the large and of the small LSTM."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]
    h_hyper: Float[Tensor, "B K"]
    c_hyper: Float[Tensor, "B K"]


@final
@register_cell("hyper_lstm", HyperLSTMSpec)
class HyperLSTM(Cell):
    r"""The HyperLSTM: a small LSTM scales each row of the weights of a large one anew at each step.

    Equations, for y of i, f, g, o, and N the identity, or the normalisation over a gate times a gain::

        ĥ_t, ĉ_t = LSTM(Ŵ x_t + V̂ h_{t-1} + Û ĥ_{t-1} + b̂, ĉ_{t-1})
        d_h^y = S_h^y (Z_h^y ĥ_t + e_h^y)
        d_x^y = S_x^y (Z_x^y ĥ_t + e_x^y)
        s_y = N(d_h^y ∘ (U_y h_{t-1}) + d_x^y ∘ (W_y x_t) + S_b^y Z_b^y ĥ_t) + b_y
        c_t = σ(s_f) ∘ c_{t-1} + σ(s_i) ∘ tanh(s_g)
        h_t = σ(s_o) ∘ tanh(N(c_t) + b_c)

    Rows of the fused weights: i, f, g, o; of `weight_hyper_x`, `weight_hyper_h`, `weight_hyper`, `bias_hyper`
    (4K): the same, Ŵ, V̂, Û, b̂. `weight_z` (12Z, K): Z_h, Z_x, Z_b of i, f, g, o each; `offset_z` (8Z,):
    e_h, e_x; `weight_scale` (12H, Z): S_h, S_x, S_b. With `layer_norm` also `gain` (5H,) of i, f, g, o and c,
    and `bias_norm` (H,): b_c. State: h, c (B, H), ĥ, ĉ (B, K). Output: h_t.
    Z_h and Z_x start at 0 and e at 1, S_h and S_x at 0.1 / Z, so that all scales start at 0.1; Z_b normally
    with deviation 0.01, and S_b at 0.
    Reference: Ha et al., 2017, https://arxiv.org/abs/1609.09106, appendix on the HyperLSTM.
    Deviations: ĥ_t where the equations write ĥ_{t-1}, so that, as the text says, the weights depend on x_t;
    b_y is behind the norm, whose shift it is; the small LSTM is not normalised.
    """

    card: ClassVar[Card] = Card(
        paper="Ha et al., 2017, https://arxiv.org/abs/1609.09106",
        claim="At the start all rows of the weights are scaled by 0.1; then each step has its own scales.",
        no_decay=("offset_z", "gain", "bias_norm", "bias_hyper"),
        own_start=("offset_z", "gain", "weight_z", "weight_scale"),
    )
    gates: ClassVar[str] = "ifgo"
    state_type = HyperLSTMState
    products: ClassVar[Mapping[str, str]] = {"hyper_h": "weight_hyper_h", "hyper": "weight_hyper"}
    spec: HyperLSTMSpec
    gain: Tensor | None
    bias_norm: Tensor | None
    bias_hyper: Tensor | None

    @property
    def widths(self) -> tuple[int, int]:
        """K and Z."""
        hyper = self.spec.hyper or self.hidden_size
        return hyper, self.spec.embedding or hyper

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.hidden_size, self.hidden_size, self.widths[0], self.widths[0]

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return tuple(part for part in (self.bias, self.gain, self.bias_norm) if part is not None)

    def add_parameters(self) -> None:
        width, (hyper, embedding) = self.hidden_size, self.widths
        self.weight_hyper_x = nn.Parameter(torch.empty(4 * hyper, self.input_size))
        self.weight_hyper_h = nn.Parameter(torch.empty(4 * hyper, width))
        self.weight_hyper = nn.Parameter(torch.empty(4 * hyper, hyper))
        self.weight_z = nn.Parameter(torch.empty(12 * embedding, hyper))
        self.offset_z = nn.Parameter(torch.empty(8 * embedding))
        self.weight_scale = nn.Parameter(torch.empty(12 * width, embedding))
        norm, bias = self.spec.layer_norm, self.spec.bias
        sizes = {"bias_hyper": bias * 4 * hyper, "gain": norm * 5 * width, "bias_norm": norm * bias * width}
        for name, size in sizes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(size)) if size else None)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        width, (hyper, embedding) = self.hidden_size, self.widths
        for k in range(4):
            rows = slice(k * hyper, (k + 1) * hyper)
            nn.init.xavier_uniform_(self.weight_hyper_x[rows])
            nn.init.xavier_uniform_(self.weight_hyper_h[rows])
            nn.init.orthogonal_(self.weight_hyper[rows])
        nn.init.zeros_(self.weight_z)
        nn.init.normal_(self.weight_z[8 * embedding :], std=0.01)
        nn.init.ones_(self.offset_z)
        nn.init.constant_(self.weight_scale[: 8 * width], 0.1 / embedding)
        nn.init.zeros_(self.weight_scale[8 * width :])
        if self.gain is not None:
            nn.init.ones_(self.gain)
        if self.bias_norm is not None:
            nn.init.zeros_(self.bias_norm)
        if self.bias is not None and self.bias_hyper is not None:
            nn.init.zeros_(self.bias_hyper)
            nn.init.constant_(self.bias_hyper[hyper : 2 * hyper], self.spec.forget_bias)
            nn.init.constant_(self.bias[self.rows("f")], self.spec.forget_bias)

    def recurrent(self, gates: str) -> tuple[Tensor, Tensor | None]:
        """The linear map behind `product(gates, ...)`: of "z", or of a number that block of the scales."""
        if gates == "z":
            none = self.offset_z.new_zeros(4 * self.widths[1])
            return self.weight_z, torch.cat([self.offset_z, none])
        if gates.isdecimal():
            return self.weight_scale[int(gates) * self.hidden_size :][: self.hidden_size], None
        return super().recurrent(gates)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """W x of the large LSTM, and behind it Ŵ x + b̂ of the small one."""
        own = F.linear(x, self.weight_hyper_x, self.bias_hyper)
        return torch.cat([F.linear(x, self.weight_ih), own], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c, h_hyper, c_hyper = state
        x, x_hyper = torch.split(pre, [4 * self.hidden_size, 4 * self.widths[0]], dim=-1)
        o, c_hyper = _written(x_hyper + product("hyper_h", h) + product("hyper", h_hyper), c_hyper)
        h_hyper = o * torch.tanh(c_hyper)
        z = product("z", h_hyper)
        scales = [product(str(k), part) for k, part in enumerate(z.chunk(12, dim=-1))]
        d_h, d_x, shift = (torch.cat(scales[k : k + 4], dim=-1) for k in (0, 4, 8))
        s = d_h * product("ifgo", h) + d_x * x + shift
        if self.gain is not None:
            s = torch.cat([F.layer_norm(part, part.shape[-1:]) for part in s.chunk(4, dim=-1)], dim=-1)
            s = self.gain[: s.shape[-1]] * s
        o, c = _written(s if self.bias is None else s + self.bias, c)
        seen = c
        if self.gain is not None:
            seen = F.layer_norm(c, c.shape[-1:], self.gain[4 * self.hidden_size :], self.bias_norm)
        h = o * torch.tanh(seen)
        return h, HyperLSTMState(h, c, h_hyper, c_hyper)


def _written(sums: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """The output gate of an LSTM with these sums of i, f, g, o, and its new cell state."""
    i, f, g, o = sums.chunk(4, dim=-1)
    return torch.sigmoid(o), torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
