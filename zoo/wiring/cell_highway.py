"""The highway between cell states."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

from jaxtyping import Float
from torch import Tensor

from zoo.registry import Spec
from zoo.wiring.base import AnyCell, Position, Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class CellHighwaySpec(WiringSpec):
    """Options of the highway between cell states."""

    passes_states: ClassVar[bool] = True

    carry_bias: float = 0.0
    """How far the gates lean towards carrying the cell state of the layer below at the start."""

    def cell(self, cell: AnyCell, position: Position) -> Mapping[str, Any]:
        carried = {"carry_bias": self.carry_bias} if position.index else {}
        return {**cell.plain(), **carried, "name": "highway_lstm", "below": position.index > 0}

    def check(
        self, cells: tuple[Spec, ...], wirings: tuple[WiringSpec, ...], directions: tuple[str, ...]
    ) -> None:
        for cell in cells:
            if cell.key not in ("lstm", "highway_lstm"):
                raise ValueError(
                    f"wiring 'cell_highway' connects the cell states of LSTMs, got cell {cell.key!r}; "
                    f"expected 'lstm'"
                )
        for wiring in wirings:
            if not isinstance(wiring, CellHighwaySpec):
                raise ValueError(
                    f"wiring 'cell_highway' passes cell states from layer to layer, got {wiring.key!r} "
                    f"beside it; expected 'cell_highway' for all layers"
                )
        if "bidirectional" in directions:
            raise ValueError(
                "wiring 'cell_highway' carries one cell state to each layer, and a bidirectional layer has "
                "two; expected direction 'forward', 'backward' or 'alternating'"
            )


@final
@register_wiring("cell_highway", CellHighwaySpec)
class CellHighway(Wiring):
    """Each LSTM adds the cell state of the one below to its own, through a gate.

    Equations, with d_t and c_t of the cell `highway_lstm`, which takes the place of `lstm`::

        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t + d_t ∘ k_t     k_t: the cell state of the layer below
        y = [h; c]
        z = y                                           of the last layer z = h

    The first layer has none below and is an LSTM. What a stack drops of the inputs of its layers, it drops of
    the cell states, too.
    Unequal widths: any, with P k_t in place of k_t where layers differ.
    Reference: Zhang et al., 2016, https://arxiv.org/abs/1510.08983.
    """

    card: ClassVar[WiringCard] = WiringCard(paper="Zhang et al., 2016, https://arxiv.org/abs/1510.08983")

    @property
    def output_size(self) -> int:
        return self.layer_size // 2 if self.position.is_last else self.layer_size

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        return y[..., : self.output_size]
