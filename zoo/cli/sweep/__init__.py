"""What `zoo sweep` does: a space, its trials, and the study that several processes take them from."""
