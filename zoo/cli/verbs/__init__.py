"""The commands of `zoo`, one file for each kind."""
