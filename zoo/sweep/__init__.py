"""What the trials of a search come to: a table, and pictures of what matters and what goes with what."""
