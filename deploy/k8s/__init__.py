"""Manifests for Kubernetes; what is made of other files is made here."""
