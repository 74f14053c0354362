"""What runs the exporter, and what looks at it."""
