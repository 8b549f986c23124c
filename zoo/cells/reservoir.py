"""The reservoir: an echo state network of any cell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import (
    Card,
    CellSpec,
    MatrixMemory,
    Product,
    State,
    TorchEquivalent,
    Wrapper,
    WrapperSpec,
    register_cell,
)


@final
@dataclass(frozen=True, kw_only=True)
class ReservoirSpec(WrapperSpec):
    """Options of the reservoir."""

    cell: CellSpec | str = "elman"
    """The cell inside: its name, or its spec."""

    spectral_radius: float = 0.9
    """ρ: largest absolute eigenvalue of the recurrent matrix of each gate; below 1 the past fades."""

    input_scale: float = 1.0
    """By how much the input weights of the cell inside are scaled."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (("spectral_radius", self.spectral_radius), ("input_scale", self.input_scale)):
            if value <= 0:
                raise ValueError(f"{name} is {value}; expected more than 0")


@final
@register_cell("reservoir", ReservoirSpec)
class Reservoir(Wrapper):
    r"""The reservoir: a cell whose weights stay as they were drawn; only what reads its states is trained.

    Equations::

        output_t, state_t = cell(x_t, state_{t-1}),  W <- s W_0,  U <- ρ U_0 / max |λ(U_0)| for each gate

    Parameters: `inner.*`, those of the cell; an optimiser leaves them alone. U_0 is drawn normally, W_0 and
    the rest as the cell has them. Rows, state and output: those of the cell.
    Reference: Jaeger, 2001, https://www.ai.rug.nl/minds/uploads/EchoStatesTechRep.pdf, with the network of
    `elman` as its cell.
    Deviations: U_0 is dense; no weights from outputs back into the reservoir; other cells than its own, of
    which those without recurrent matrices, or with such that are made of others, start as they always do.
    """

    card: ClassVar[Card] = Card(
        paper="Jaeger, 2001, https://www.ai.rug.nl/minds/uploads/EchoStatesTechRep.pdf",
        family="wrapper",
        claim="States that started apart come together under the same input.",
    )
    gates: ClassVar[str] = ""
    spec: ReservoirSpec

    def add_parameters(self) -> None:
        if self.weight_hh is not None and self.recurrent_size != self.hidden_size:
            raise ValueError(
                f"the recurrent weights of {self.spec.inner.key} are {self.recurrent_size} wide for "
                f"{self.hidden_size} units, and have no spectral radius; expected square ones"
            )
        self.inner.requires_grad_(False)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        self.weight_ih.mul_(self.spec.input_scale)
        if self.weight_hh is None:
            return
        for rows in torch.split(self.weight_hh, self.hidden_size):
            nn.init.normal_(rows, std=self.hidden_size**-0.5)
            wide = rows.to(torch.promote_types(rows.dtype, torch.float32))
            rows.mul_(self.spec.spectral_radius / torch.linalg.eigvals(wide).abs().max())

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        return self.inner.step(pre, state, product)

    def memory(self) -> MatrixMemory | None:
        return self.inner.memory()

    def torch_equivalent(self) -> Callable[[], TorchEquivalent] | None:
        return self.inner.torch_equivalent()
