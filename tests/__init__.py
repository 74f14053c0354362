"""Facts about the exporter, stated as tests."""
