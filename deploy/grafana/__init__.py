"""Grafana: the boards, what makes them, and how they are provisioned."""
