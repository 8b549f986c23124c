"""What the papers of the cells claim of them, one file for each."""
