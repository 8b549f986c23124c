"""Compositions by name, whose width may come from the shape."""

from zoo.bench.setting import Shape
from zoo.names import is_stack_name, parse_stack
from zoo.stack import StackSpec


def composition(name: str, shape: Shape) -> StackSpec:
    """The stack of a name such as "bi-lstm-4x256-residual"; "bi-lstm" is one layer of the shape's width.

    Raises:
        ValueError: the name does not follow the grammar.
        UnknownNameError: there is no such cell or wiring.
    """
    if is_stack_name(name):
        return parse_stack(name)
    core, comma, options = name.partition(",")
    whole = f"{core}-1x{shape.width}{comma}{options}"
    if not is_stack_name(whole):
        raise ValueError(
            f"{name!r} names no composition; expected a cell, such as 'gru' or 'bi-gru', or a whole name, "
            f"such as 'bi-lstm-4x256-residual'"
        )
    return parse_stack(whole)
