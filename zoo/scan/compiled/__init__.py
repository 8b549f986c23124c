"""The compiled engine: a step written as C, compiled in less than a second, kept for next time."""
