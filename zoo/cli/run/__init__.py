"""What Lightning does with a recipe: the run, its folder, its checkpoints, and what the user hears."""
