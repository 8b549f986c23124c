"""What the gates of a recurrence do in a run: found by watching its step, whatever cell it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.diagnostics.replay import all_steps
from zoo.engines import LayerTrace, Recurrence, linear_product
from zoo.engines.program.evaluate import evaluate
from zoo.engines.program.ir import Program, Ref, blocks_of
from zoo.engines.program.trace import NotBlockwise
from zoo.engines.program.trace import trace as program_of

RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
"""Activations that have two ends."""

NEAR = 0.05
"""How near to an end of its range, as a share of the range, an activation is saturated."""

LINEAR = ("add", "sub", "rsub", "neg", "mul", "div")
"""Operations through which the input product of a gate is followed to the gate's activation."""


@dataclass(frozen=True)
class Saturation:
    """Where a gate is, over all units and valid steps; NaN where an activation is.

    Attributes:
        low: Share of activations within 5 % of the lower end of their range.
        high: Share within 5 % of the upper end.
        mean: Mean activation.
    """

    low: float
    high: float
    mean: float

    @property
    def share(self) -> float:
        """Share of activations at either end, where no gradient passes."""
        return self.low + self.high


def gate_saturation(trace: LayerTrace, gates: "Gates | None" = None) -> dict[str, Saturation]:
    """How saturated each gate with a sigmoid or tanh is, by the gate's letter.

    Args:
        trace: A run; see `zoo.diagnostics.watch`. No backward pass is needed.
        gates: What `Gates.of` found for this recurrence, to find it only once.

    Returns:
        Nothing for cells whose step cannot be taken apart, and for runs without a valid step.
    """
    gates = Gates.of(trace.recurrence) if gates is None else gates
    return {
        gate: _saturation(values[trace.valid], gates.activations[gate][0])
        for gate, values in gate_activations(trace, gates).items()
    }


def gate_activations(trace: LayerTrace, gates: "Gates | None" = None) -> dict[str, Float[Tensor, "T B H"]]:
    """What each gate with a sigmoid or tanh lets through, by the gate's letter; padding holds anything.

    Args:
        trace: A run; see `zoo.diagnostics.watch`. No backward pass is needed.
        gates: What `Gates.of` found for this recurrence, to find it only once.

    Returns:
        Nothing for cells whose step cannot be taken apart, and for runs without a valid step.
    """
    gates = Gates.of(trace.recurrence) if gates is None else gates
    if gates.program is None or not bool((trace.lengths > 0).any()):
        return {}
    numbers = [number for _, blocks in gates.activations.values() for number in blocks]
    found = iter(_values(trace, gates.program, numbers))
    return {
        gate: torch.cat([next(found) for _ in blocks], -1) for gate, (_, blocks) in gates.activations.items()
    }


@torch.no_grad()
def _values(trace: LayerTrace, program: Program, numbers: Sequence[int]) -> list[Tensor]:
    """Values (T, B, H) that a step's program takes in a run, all steps at once."""
    with trace.unmixed():
        fixed = program.fixed(trace.recurrence.vectors)
    varying = (trace.projected, *trace.before)
    known = dict(enumerate(block for part in varying for block in blocks_of(part, program.width)))
    known |= dict(zip(program.vectors, fixed, strict=True))
    product = linear_product(trace.recurrence.recurrent)

    def taken(k: int, operand: Tensor) -> Tensor:
        with trace.unmixed():
            return product(program.matmuls[k].gates, operand)

    return evaluate(program, [Ref(number) for number in numbers], known, taken, like=known[0])


def _saturation(values: Float[Tensor, "n H"], kind: str) -> Saturation:
    low, high = RANGES[kind]
    room = NEAR * (high - low)
    exact = values.double()
    mean = float(exact.mean())
    if math.isnan(mean):
        return Saturation(low=mean, high=mean, mean=mean)
    ends = torch.stack([exact <= low + room, exact >= high - room]).double().mean((1, 2)).tolist()
    return Saturation(low=ends[0], high=ends[1], mean=mean)


def memory_horizon(trace: LayerTrace) -> Float[Tensor, " H"]:
    r"""How many steps each unit's memory lasts by itself, until 1/e of it is left.

    .. math::
        \tau = -1 / \operatorname{mean}_{t, b} \ln \rho(\partial s_t / \partial s_{t-1})

    where s are the tensors of the state, the recurrent products are held constant, and ρ is the spectral
    radius within the unit, so that what is left is the forget gate: f of an LSTM, z of a GRU, |λ| of a linear
    recurrent unit. 0 for cells that keep nothing by themselves, such as Elman's. A state of tensors of
    unequal widths is judged by its last.

    Args:
        trace: A run; see `zoo.diagnostics.watch`. No backward pass is needed.

    Returns:
        Steps, for each unit, in float64; infinite where a gate is exactly 1.
    """
    recurrence = trace.recurrence

    product = linear_product(recurrence.recurrent)
    before, (_, *new) = all_steps(trace, lambda gates, operand: product(gates, operand).detach())
    if len(set(recurrence.state_sizes)) > 1:
        before, new = before[-1:], new[-1:]
    rows = [_slopes(part, before) for part in new]
    logs = _spectral_radius(rows)[trace.valid].log().mean(0)
    return 1 / (-logs).clamp(min=0).abs()  # not minus zero


def _slopes(part: Tensor, before: tuple[Tensor, ...]) -> list[Tensor]:
    """The derivatives of a tensor of the state in those before the step, unit by unit."""
    if not part.requires_grad:
        return [torch.zeros_like(old) for old in before]
    found = torch.autograd.grad(
        part, before, torch.ones_like(part), retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return [slope.double() for slope in found]


def _spectral_radius(rows: list[list[Tensor]]) -> Tensor:
    """The largest absolute eigenvalue of square matrices, given entry by entry."""
    if len(rows) == 1:
        return rows[0][0].abs()
    if len(rows) > 2:
        matrices = torch.stack([torch.stack(row, -1) for row in rows], -2)
        largest: Tensor = torch.linalg.eigvals(matrices).abs().amax(-1)
        return largest
    (a, b), (c, d) = rows
    middle, product = (a + d) / 2, a * d - b * c
    square = ((a - d) / 2).square() + b * c
    real = middle.abs() + square.clamp(min=0).sqrt()
    return torch.where(square >= 0, real, product.clamp(min=0).sqrt())


@dataclass(frozen=True)
class Gates:
    """Where in a step the gates are.

    Attributes:
        program: The operations of the step; None where it cannot be taken apart.
        activations: For each gate with a sigmoid or tanh, which of them, and the numbers of its values.
    """

    program: Program | None
    activations: dict[str, tuple[str, tuple[int, ...]]]

    @classmethod
    def of(cls, recurrence: Recurrence) -> "Gates":
        """Finds the gates of a recurrence, by following each block of its input product."""
        try:
            program = program_of(recurrence)
        except NotBlockwise:
            return cls(None, {})
        # a gate has several blocks where other widths than H part them
        parts = recurrence.width // program.width
        blocks = [(gate, part) for gate in recurrence.gates for part in range(parts)]
        letters: dict[int, tuple[str, int]] = dict(zip(program.pre, blocks, strict=False))
        found: dict[tuple[str, int], tuple[str, int]] = {}
        for number, op in enumerate(program.ops, program.num_inputs):
            kind = op.name.partition(".")[0]
            known = [letters[source] for source in op.sources if source in letters]
            if kind in RANGES and known:
                found.setdefault(known[0], (kind, number))
            elif kind in LINEAR and known:
                letters[number] = known[0]
        whole = [gate for gate in recurrence.gates if all((gate, part) in found for part in range(parts))]
        return cls(
            program,
            {
                gate: (found[gate, 0][0], tuple(found[gate, part][1] for part in range(parts)))
                for gate in whole
            },
        )
