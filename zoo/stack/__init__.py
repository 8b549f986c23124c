"""Stacks: depth x direction x wiring over a cell."""

from zoo.stack.ends import backward_columns, check_ends, final_outputs
from zoo.stack.layer import BothStates, LayerState, map_state
from zoo.stack.memory import check_stack, check_weights
from zoo.stack.spec import StackSpec
from zoo.stack.stack import Stack, StackState
from zoo.stack.stream import Stream

__all__ = [
    "BothStates",
    "LayerState",
    "Stack",
    "StackSpec",
    "StackState",
    "Stream",
    "backward_columns",
    "check_ends",
    "check_stack",
    "check_weights",
    "final_outputs",
    "map_state",
]
