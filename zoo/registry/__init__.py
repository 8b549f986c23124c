"""Names and specs for the parts of the zoo: look-up, listing, suggestions, plug-ins, plain data."""

from zoo.registry.card import PartCard
from zoo.registry.checks import (
    UnknownNameError,
    check_choice,
    check_finite,
    check_fraction,
    check_positive,
    nearest,
    plural,
    printable,
    unknown,
)
from zoo.registry.declared import Declared, declared, part_class
from zoo.registry.registry import Registry, enter_part, load_plugins, spec_of
from zoo.registry.spec import Spec

__all__ = [
    "Declared",
    "PartCard",
    "Registry",
    "Spec",
    "UnknownNameError",
    "check_choice",
    "check_finite",
    "check_fraction",
    "check_positive",
    "declared",
    "enter_part",
    "load_plugins",
    "nearest",
    "part_class",
    "plural",
    "printable",
    "spec_of",
    "unknown",
]
