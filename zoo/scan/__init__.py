"""Engines that run a recurrence over time. They know nothing of cells.

The reference loop is the definition. Every other engine computes the same values and gradients, faster. They
see a step as a program: operations on blocks of H units between recurrent products (`trace`), for which there
are kernels by torch operations (`eager`), in C (`compiled`) and in Triton.
"""

from zoo.scan import reference
from zoo.scan.chunks import in_chunks
from zoo.scan.clip import clip_gradient
from zoo.scan.engine import Choice, Engine
from zoo.scan.engines import ENGINES, pick, run_all
from zoo.scan.passage import Passage, Watchable, Watcher
from zoo.scan.recurrence import Map, Product, Recurrence, Run, Sequences, State, Step, Twin, turn

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
