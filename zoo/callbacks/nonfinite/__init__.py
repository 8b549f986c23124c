"""What the guard against NaN and infinity needs."""
