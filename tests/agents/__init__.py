"""Tests of what is read from coding agents."""
