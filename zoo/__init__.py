"""The zoo: recurrent networks with pluggable recurrence, direction, depth and wiring."""
