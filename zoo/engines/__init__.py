"""Engines that run a recurrence over time. They know nothing of cells.

The reference loop is the definition. Every other engine computes the same values and gradients, faster. They
see a step as a program: operations on blocks of H units between recurrent products (`trace`), for which there
are kernels by torch operations (`eager`), in C (`compiled`) and in Triton.
"""

from zoo.engines import reference
from zoo.engines.base import Choice, Engine
from zoo.engines.choice import ENGINES, pick, run_all
from zoo.engines.chunks import in_chunks
from zoo.engines.gradient_clip import clip_gradient
from zoo.engines.layer_trace import Passage, Watchable, Watcher
from zoo.engines.recurrence import Map, Product, Recurrence, Run, Sequences, State, Step, Twin, turn

__all__ = [
    "ENGINES",
    "Choice",
    "Engine",
    "Map",
    "Passage",
    "Product",
    "Recurrence",
    "Run",
    "Sequences",
    "State",
    "Step",
    "Twin",
    "Watchable",
    "Watcher",
    "clip_gradient",
    "in_chunks",
    "pick",
    "reference",
    "run_all",
    "turn",
]
