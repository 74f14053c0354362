"""Tests of the live page in a real Chromium, against a whole exporter."""
