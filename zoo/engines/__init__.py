"""Engines that run a recurrence over time. They know nothing of cells.

The reference loop is the definition. Every other engine computes the same values and gradients, faster. They
see a step as a program: operations on blocks of H units between recurrent products (`trace`), for which there
are kernels by torch operations (`eager`), in C (`c`) and in Triton (`triton`).
"""

from zoo.engines.base import ChosenEngine, Engine, PreparedRun, Stepper, is_special
from zoo.engines.candidate import ChangingProduct, candidate, taking
from zoo.engines.choice import pick, run_all
from zoo.engines.chunks import in_chunks
from zoo.engines.chunkwise import matrix_step
from zoo.engines.gradient_clip import clip_gradient
from zoo.engines.layer_trace import LayerTrace, Watchable, Watcher
from zoo.engines.recurrence import (
    InputMap,
    Map,
    MatrixMemory,
    MatrixTerms,
    Product,
    Recurrence,
    RunFunction,
    Sequences,
    State,
    StepFunction,
    TorchEquivalent,
    linear_product,
    turn,
)
from zoo.engines.reference import reference_loop, run_reference
from zoo.engines.table import DEPRECATED, ENGINES, engine_name

__all__ = [
    "DEPRECATED",
    "ENGINES",
    "ChangingProduct",
    "ChosenEngine",
    "Engine",
    "InputMap",
    "LayerTrace",
    "Map",
    "MatrixMemory",
    "MatrixTerms",
    "PreparedRun",
    "Product",
    "Recurrence",
    "RunFunction",
    "Sequences",
    "State",
    "StepFunction",
    "Stepper",
    "TorchEquivalent",
    "Watchable",
    "Watcher",
    "candidate",
    "clip_gradient",
    "engine_name",
    "in_chunks",
    "is_special",
    "linear_product",
    "matrix_step",
    "pick",
    "reference_loop",
    "run_all",
    "run_reference",
    "taking",
    "turn",
]
