"""The gradient, or the loss, was NaN or infinite."""

CASE = ({"nonfinite": 1}, "NaN or infinite in 1 step", "")
