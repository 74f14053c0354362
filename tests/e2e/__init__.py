"""Tests of the whole thing, on real parts."""
