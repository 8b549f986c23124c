"""Cells whose new state is linear in the old one, run over all of time without a loop over their steps."""
