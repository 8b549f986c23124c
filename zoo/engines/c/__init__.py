"""A step as one C file: how it is written, compiled, kept and called."""
