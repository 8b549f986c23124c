"""What a job would take elsewhere, by a model of three terms: an estimate, and no measurement.

    time = work / (peak * efficiency) + read / bandwidth + sequential * latency

`work` are the multiply-adds of all products, twice as many operations. `efficiency` is the share of the peak
that the cell reaches on this machine at the largest width that was timed, the peak of this machine being that
of one large product. `read` are the recurrent weights, once for each step that waits for the one before it.
Left out are the element-wise part, reading and writing activations, the optimiser, and the data.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch

from zoo.bench.scaling.jobs import Demand, Job, demand
from zoo.bench.scaling.sweep import Point

LARGE = 1024
"""Width of the product that says what the peak is here."""


@final
@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a job might run on.

    Attributes:
        name: What it is.
        peak: Floating-point operations in a second, a multiply-add being two.
        bandwidth: Bytes read from memory in a second.
        latency: Seconds from one sequential step to the next, at least.
        source: Where these numbers come from.
    """

    name: str
    peak: float
    bandwidth: float
    latency: float
    source: str


H100 = Machine(
    name="one H100, float32",
    peak=67e12,
    bandwidth=3.35e12,
    latency=5e-6,
    source="peak and bandwidth as they are quoted for the H100 SXM; 5 µs a step are assumed",
)
MACHINES: Sequence[Machine] = (
    H100,
    replace(
        H100, name="one H100, TF32", peak=494.7e12, source="the same, with its tensor cores without sparsity"
    ),
)
HUNDRED_CORES = Machine(
    name="100 cores",
    peak=0.0,
    bandwidth=460.8e9,
    latency=5e-6,
    source="100 times one core of this machine; memory of 12 channels DDR5-4800, as an AMD EPYC 9654 of "
    "96 cores has; 5 µs a step, for a barrier, are assumed",
)
"""Its peak is measured where it is used."""


@final
@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Seconds of a whole job on a machine, and of its three terms.

    Attributes:
        job: What is trained.
        machine: On what.
        arithmetic: Of the products.
        reading: Of the recurrent weights.
        waiting: Of sequential steps.
    """

    job: Job
    machine: Machine
    arithmetic: float
    reading: float
    waiting: float

    @property
    def seconds(self) -> float:
        """All three."""
        return self.arithmetic + self.reading + self.waiting


def estimated(job: Job, machine: Machine, efficiency: float) -> Estimate:
    """The model of this module.

    Args:
        job: What is trained.
        machine: On what.
        efficiency: Share of the peak that the cell's products reach.
    """
    step = demand(job.spec, job.shape, job.head)
    return Estimate(
        job=job,
        machine=machine,
        arithmetic=job.updates * arithmetic(step, machine.peak, efficiency),
        reading=job.updates * step.read / machine.bandwidth,
        waiting=job.updates * step.sequential * machine.latency,
    )


def arithmetic(step: Demand, peak: float, efficiency: float) -> float:
    """Seconds of the products of one training step."""
    return 2 * step.multiply_adds / (peak * efficiency)


def efficiency_of(cell: str, points: Sequence[Point], peak: float) -> float | None:
    """The share of this machine's peak that a cell reached at the largest width; None where not timed."""
    found = [
        each for each in points if (each.axis, each.composition, each.contender.kind) == ("H", cell, "engine")
    ]
    if not found:
        return None
    largest = max(found, key=lambda each: each.value)
    step = demand(largest.contender.spec, largest.contender.shape)
    return 2 * step.multiply_adds / (largest.seconds * peak)


def peak_here(repeats: int = 5) -> float:
    """Operations in a second of one large product of float32, with the threads that torch uses."""
    a, b = torch.randn(LARGE, LARGE), torch.randn(LARGE, LARGE)
    out = a @ b
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return 2 * LARGE**3 / best
