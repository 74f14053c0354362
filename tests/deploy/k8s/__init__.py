"""Tests of the manifests for Kubernetes."""
