"""The files of a run: what is written to them, and what is read of them."""
