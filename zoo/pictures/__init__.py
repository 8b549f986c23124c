"""Pictures of gradients, by matplotlib, and what they show in words."""
