"""Tests of what runs the exporter, and of what looks at it."""
