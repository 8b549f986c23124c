"""The vectors of tokens are too large for the layer that reads them."""

CASE = ({"embedding": 20.0}, "The embedding has entries of 20", "")
