"""The zoo: recurrent networks with pluggable recurrence, direction, depth and wiring.

Names are imported on first use, so that `import zoo` and the command line stay quick.
"""

import importlib
from importlib.metadata import version
from typing import Any

_HOMES = {
    "zoo.callbacks.exact_resume": ["ExactResume"],
    "zoo.callbacks.gradient_clipping": ["GradientClipping"],
    "zoo.callbacks.gradient_histogram": ["GradientHistogram"],
    "zoo.callbacks.gradient_through_time": ["GradientThroughTime"],
    "zoo.callbacks.guard_state": ["NonFiniteError"],
    "zoo.callbacks.non_finite_guard": ["NonFiniteGuard"],
    "zoo.callbacks.recurrence_health": ["RecurrenceHealth"],
    "zoo.callbacks.verdict": ["Verdict"],
    "zoo.catalogue": ["create_model", "list_cells", "list_models", "list_wirings"],
    "zoo.cells": [
        "Card",
        "Cell",
        "CellSpec",
        "ElmanSpec",
        "GRUSpec",
        "JANETSpec",
        "LRUSpec",
        "LSTMSpec",
        "LayerNormLSTMSpec",
        "LiGRUSpec",
        "MGUSpec",
        "MinGRUSpec",
        "MinLSTMSpec",
        "PeepholeLSTMSpec",
        "SRUSpec",
        "register_cell",
    ],
    "zoo.cells.base": ["Hidden"],
    "zoo.data.adding_problem": ["AddingProblem"],
    "zoo.data.base": ["SequenceData"],
    "zoo.data.copy_memory": ["CopyMemory"],
    "zoo.data.digits": ["Digits"],
    "zoo.data.labelled_text": ["LabelledText"],
    "zoo.data.mnist_sequence": ["MNISTSequence"],
    "zoo.data.python_docs": ["PythonDocs"],
    "zoo.data.text_file": ["TextFile"],
    "zoo.model": ["Model", "ModelSpec"],
    "zoo.names": ["name_stack", "parse_stack"],
    "zoo.registry": ["UnknownNameError"],
    "zoo.stack": ["Stack", "StackSpec", "from_torch", "to_torch"],
    "zoo.tasks.base": ["Task"],
    "zoo.tasks.language_model": ["LanguageModel"],
    "zoo.tasks.optimisation": ["OptimizerSpec", "ScheduleSpec"],
    "zoo.tasks.sequence_classifier": ["SequenceClassifier"],
    "zoo.tasks.sequence_regressor": ["SequenceRegressor"],
    "zoo.tracking": ["WandbLogger"],
    "zoo.wiring": [
        "DenseSpec",
        "HighwaySpec",
        "PlainSpec",
        "ResidualSpec",
        "Wiring",
        "WiringSpec",
        "register_wiring",
    ],
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str) -> Any:
    """Imports a public name from its module."""
    if name == "__version__":
        return version("recurrent-zoo")
    if name not in _HOME:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
