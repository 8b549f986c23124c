"""What is wrong with the gradients of a network, in words, and what to try."""
