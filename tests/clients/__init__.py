"""Real clients against a running exporter."""
