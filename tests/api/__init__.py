"""The HTTP API as docs/openapi.yaml describes it, asked of a running exporter."""
