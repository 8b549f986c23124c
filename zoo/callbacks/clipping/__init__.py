"""Ways to clip gradients."""
