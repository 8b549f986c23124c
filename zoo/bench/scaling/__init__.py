"""How time and memory of a training step grow, and what that says of larger machines and jobs."""

from zoo.bench.scaling.estimate import HUNDRED_CORES, MACHINES, Estimate, Machine, estimated
from zoo.bench.scaling.exponents import Exponent, exponents
from zoo.bench.scaling.jobs import JOBS, Job
from zoo.bench.scaling.sweep import AXES, BASE, COSTS, Point, costs, sweep

__all__ = [
    "AXES",
    "BASE",
    "COSTS",
    "HUNDRED_CORES",
    "JOBS",
    "MACHINES",
    "Estimate",
    "Exponent",
    "Job",
    "Machine",
    "Point",
    "costs",
    "estimated",
    "exponents",
    "sweep",
]
