"""What `zoo compare` does: variants of recipes, their runs, and the folder that keeps them."""
