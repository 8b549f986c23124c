"""Engines that run a recurrence over time. They know nothing of cells.

The reference loop is the definition. Every other engine computes the same values and gradients, faster. They
see a step as a program: operations on blocks of H units between recurrent products (`trace`), for which there
are kernels by torch operations (`eager`), in C (`compiled`) and in Triton.
"""

from zoo.engines import reference
from zoo.engines.base import ChosenEngine, Engine
from zoo.engines.choice import ENGINES, pick, run_all
from zoo.engines.chunks import in_chunks
from zoo.engines.gradient_clip import clip_gradient
from zoo.engines.layer_trace import LayerTrace, Watchable, Watcher
from zoo.engines.recurrence import (
    Map,
    Product,
    Recurrence,
    RunFunction,
    Sequences,
    State,
    Step,
    TorchEquivalent,
    turn,
)

__all__ = [
    "ENGINES",
    "ChosenEngine",
    "Engine",
    "LayerTrace",
    "Map",
    "Product",
    "Recurrence",
    "RunFunction",
    "Sequences",
    "State",
    "Step",
    "TorchEquivalent",
    "Watchable",
    "Watcher",
    "clip_gradient",
    "in_chunks",
    "pick",
    "reference",
    "run_all",
    "turn",
]
