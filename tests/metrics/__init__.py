"""Tests of the metrics stage."""
