"""The rules and alerts fire when they should, and do not when they should not."""
