"""Bytes in, events out: pure functions, no sockets, no clock."""
