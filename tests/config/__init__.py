"""The configuration's tests."""
