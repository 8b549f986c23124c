"""Pure functions that measure how gradients flow, and the pictures drawn from what they measured."""
