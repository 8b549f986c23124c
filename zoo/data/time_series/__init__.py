"""Tables of numbers over time: read, put in order, scaled, and cut into windows."""
