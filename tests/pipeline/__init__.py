"""Facts about the pipeline."""
