"""One battery for every cell, direction, wiring and engine that is registered."""
