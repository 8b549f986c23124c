"""Second opinions in numpy float64, written from the papers' equations; nothing here imports the zoo."""
