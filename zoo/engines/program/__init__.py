"""A step as a program: traced, simplified, differentiated, and laid out in memory."""
