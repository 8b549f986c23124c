"""Weights of other libraries: one file for each way of naming and ordering them."""

from zoo.layouts.base import LAYOUTS, Layout
from zoo.layouts.carry import from_weights, to_weights

__all__ = ["LAYOUTS", "Layout", "from_weights", "to_weights"]
