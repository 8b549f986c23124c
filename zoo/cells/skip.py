"""What cells share that let their input through to what they put out."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.cell import Cell


class SkipCell(Cell):
    """A cell that reads x̂_t, which is x_t where I = H, and W_s x_t elsewhere.

    `weight_skip` (H, I): W_s. In `pre`, x̂ comes behind the input products and biases of all gates.
    """

    weight_skip: Tensor | None

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return ()

    def add_parameters(self) -> None:
        width, width_in = self.hidden_size, self.input_size
        skip = None if width_in == width else nn.Parameter(torch.empty(width, width_in))
        self.register_parameter("weight_skip", skip)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.weight_skip is not None:
            nn.init.xavier_uniform_(self.weight_skip)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """The input products and biases of all gates, and x̂ behind them."""
        skip = x if self.weight_skip is None else F.linear(x, self.weight_skip)
        return torch.cat([super().project(x), skip], dim=-1)
