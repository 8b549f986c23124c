"""Zoneout."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.engines import Product, Recurrence, State
from zoo.registry import PartCard, check_fraction
from zoo.switches.base import (
    Switch,
    SwitchSpec,
    chosen,
    register_switch,
    tried,
    with_noise,
    without_kernels,
    zero_product,
)


@final
@dataclass(frozen=True, kw_only=True)
class ZoneoutSpec(SwitchSpec):
    """Options of zoneout; the defaults are the paper's for character-level Penn Treebank, without c."""

    h: float = 0.05
    """Share of the units of h that keep their value at a step."""

    c: float = 0.0
    """The same of c, the cell state of an LSTM and its kin."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("h", self.h)
        check_fraction("c", self.c)


@final
@register_switch("zoneout", ZoneoutSpec)
class Zoneout(Switch):
    """Some units keep their state at a step, others at the next: noise that lets gradients pass.

    Equations, with s̃_t what the cell would make of its state s::

        s_t = d_t ∘ s_{t-1} + (1 - d_t) ∘ s̃_t,   d_t ~ Bernoulli(z)      in training
        s_t = z s_{t-1} + (1 - z) s̃_t                                    in evaluation

    d_t is drawn for each unit, sequence and step, for h and c apart. An output that is h is the new h.
    What else a state holds, such as a clock, is left alone.
    Refused: cells whose output is not a tensor of their state, and c where the state is not h and c.
    Reference: Krueger et al., 2017, https://arxiv.org/abs/1606.01305.
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Krueger et al., 2017, https://arxiv.org/abs/1606.01305", equations="4, 5"
    )
    spec: ZoneoutSpec

    def __init__(self, spec: ZoneoutSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        output, state = tried(recurrence, zero_product(recurrence))
        if not any(output is part for part in state):
            raise ValueError(
                "zoneout keeps units of the state, and this cell's output is none of its state's tensors; "
                "expected another cell"
            )
        names = recurrence.state_names
        if spec.c and (len(names) != 2 or "c" not in names):
            raise ValueError(
                f"zoneout has c {spec.c}, and this cell's state is {', '.join(names)}; expected c 0, or an "
                f"output beside a c"
            )
        shown, rates = [part is output for part in state], {"c": spec.c}
        self.rates = [
            spec.h if is_shown else rates.get(name, 0.0) for name, is_shown in zip(names, shown, strict=True)
        ]
        self.noisy = [k for k, rate in enumerate(self.rates) if rate]
        self.sizes = [recurrence.state_sizes[k] for k in self.noisy]

    def draw(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B K"] | None:
        """1 where a unit keeps its state."""
        if not (self.training and self.noisy):
            return None
        parts = zip(self.noisy, self.sizes, strict=True)
        return torch.cat([chosen(x, (*x.shape[:2], size), self.rates[k]) for k, size in parts], dim=-1)

    def around(self, recurrence: Recurrence) -> Recurrence:
        if not self.noisy:
            return recurrence

        def drawn(pre: Tensor, noise: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
            masks: list[Tensor] = list(torch.split(noise, self.sizes, dim=-1))
            return self._kept(recurrence.step(pre, state, product), state, masks)

        def expected(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
            rates = [self.rates[k] for k in self.noisy]
            return self._kept(recurrence.step(pre, state, product), state, rates)

        if self.training:
            return with_noise(recurrence, sum(self.sizes), drawn)
        return replace(without_kernels(recurrence), step=expected)

    def _kept(
        self, result: tuple[Tensor, State], state: State, masks: Sequence[Tensor | float]
    ) -> tuple[Tensor, State]:
        """d ∘ s_{t-1} + (1 - d) ∘ s̃_t for the tensors of the state that keep some of it."""
        output, made = result
        new = dict(enumerate(made))
        new |= {k: d * state[k] + (1 - d) * made[k] for k, d in zip(self.noisy, masks, strict=True)}
        shown = next(k for k, part in enumerate(made) if part is output)
        return new[shown], tuple(new.values())
