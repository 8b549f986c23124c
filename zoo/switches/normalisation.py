"""Normalisation of the sums of each gate."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.engines import Product, Recurrence, State, taking
from zoo.registry import PartCard
from zoo.switches.base import Switch, SwitchSpec, products_of, register_switch, without_kernels

EPSILON = 1e-5
"""Added to each variance, so that a constant vector is no division by zero."""


@final
@dataclass(frozen=True, kw_only=True)
class NormalisationSpec(SwitchSpec):
    """Options of normalisation."""

    kind: Literal["layer", "rms"] = "layer"
    """"layer" takes off the mean and divides by the deviation, "rms" divides by the root mean square."""


@final
@register_switch("normalisation", NormalisationSpec)
class Normalisation(Switch):
    """The sums of each gate keep their scale, whatever the weights, the inputs and the state are.

    Equations, for each gate g, with N(z) over the H units of the gate::

        W_g x_t + b_g  becomes  α_g ∘ N(W_g x_t) + b_g
        U_g s          becomes  γ_g ∘ N(U_g s)
        N(z) = (z - mean z) / sqrt(var z + 1e-5),  or  z / sqrt(mean z² + 1e-5)

    `gain_ih` (G,): α, `gain_hh` (R,): γ; both start at 1. A bias within the recurrent product is normalised
    with it. The cell state of an LSTM is not normalised; the cells layernorm_lstm and layernorm_gru are the
    paper's own, whose gates are normalised together.
    Refused: cells whose gates are no linear maps of the input.
    References: Ba et al., 2016, https://arxiv.org/abs/1607.06450, by gate as in TensorFlow's cell; Zhang &
    Sennrich, 2019, https://arxiv.org/abs/1910.07467 (rms).
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Ba et al., 2016, https://arxiv.org/abs/1607.06450",
        equations="20-22",
        no_decay=("gain_ih", "gain_hh"),
        own_start=("gain_ih", "gain_hh"),
    )
    spec: NormalisationSpec
    gain_hh: nn.Parameter | None

    def __init__(self, spec: NormalisationSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        self.width, self.rows = recurrence.width, len(recurrence.gates) * recurrence.width
        if not recurrence.gates or not _is_affine(recurrence, self.rows):
            raise ValueError(
                "normalisation is of sums of gates, and this cell's gates are no linear maps of its input; "
                "expected another cell"
            )
        known = [gates for gates in products_of(recurrence) if set(gates) <= set(recurrence.recurrent_gates)]
        self.order, self.products = recurrence.recurrent_gates, known
        recurrent = len(recurrence.recurrent_gates) * recurrence.width
        self.gain_ih = nn.Parameter(recurrence.like.new_ones(self.rows))
        self.register_parameter(
            "gain_hh", nn.Parameter(recurrence.like.new_ones(recurrent)) if known else None
        )

    def around(self, recurrence: Recurrence) -> Recurrence:
        own = () if self.gain_hh is None else (self.gain_hh,)
        nothing = recurrence.like.new_zeros(1, recurrence.input_size)

        def project(x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
            biases, sums = recurrence.project(nothing.to(x.dtype))[0], recurrence.project(x)
            gates = sums[..., : self.rows] - biases[: self.rows]
            normed = self._normed(gates, self.gain_ih) + biases[: self.rows]
            return normed if sums.shape[-1] == self.rows else torch.cat([normed, sums[..., self.rows :]], -1)

        def step(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
            def normed(gates: str, operand: Tensor) -> Tensor:
                found = product(gates, operand)
                return self._normed(found, self._gain_of(gates)) if gates in self.products else found

            return recurrence.step(pre, state, taking(product, normed))

        vectors = (*recurrence.vectors, *own)
        return replace(without_kernels(recurrence), project=project, step=step, vectors=vectors)

    def _gain_of(self, gates: str) -> Tensor:
        """The gains of these neighbouring gates."""
        assert self.gain_hh is not None
        first = self.order.index(gates) * self.width
        return self.gain_hh[first : first + len(gates) * self.width]

    def _normed(self, z: Tensor, gain: Tensor) -> Tensor:
        """γ ∘ N(z), block by block."""
        count = z.shape[-1] // self.width
        blocks = zip(z.chunk(count, dim=-1), gain.chunk(count), strict=True)
        return torch.cat([self._norm(part, own) for part, own in blocks], dim=-1)

    def _norm(self, z: Tensor, gain: Tensor) -> Tensor:
        if self.spec.kind == "layer":
            return F.layer_norm(z, (self.width,), gain, None, EPSILON)
        return gain * (z * torch.rsqrt(z.square().mean(-1, keepdim=True) + EPSILON))


def _is_affine(recurrence: Recurrence, rows: int) -> bool:
    """Whether the first rows of the input products are a linear map of the input, and a bias."""
    like = recurrence.like
    x = torch.linspace(-1, 1, recurrence.input_size, dtype=like.dtype, device=like.device)
    with torch.no_grad():
        none, once, twice = (recurrence.project(factor * x[None])[..., :rows] for factor in (0, 1, 2))
    return once.shape[-1] == rows and (like.is_meta or torch.allclose(twice - once, once - none, atol=1e-4))
