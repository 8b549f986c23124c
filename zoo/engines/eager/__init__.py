"""Programs by torch operations."""
