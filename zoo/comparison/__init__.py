"""What several runs say together: a table over seeds, a paired test, a picture."""
