"""Hostile inputs and faults, each with the answer it must get, over raw sockets.

Every row of the table in `rows.py` has a test that is marked with its number, here or where the
part it is about is tested.
"""
