"""Facts about the rolling store."""
