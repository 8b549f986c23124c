"""What made data shares: fresh items in every epoch, pairs, a grammar."""
