"""Processes that are killed: what was acknowledged is counted once, and no counter steps back."""
