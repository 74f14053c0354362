"""Faults of the disk, of clients and of the clock, and every way to stop and to start again."""
