"""What only trying tells: the values of the data, and whether a copy of the network learns from them."""
