"""What short trainings and looks at the data tell."""
