"""`python -m exporter.metrics` prints `docs/metrics.md`."""

import sys

from exporter.metrics.reference import page

sys.stdout.write(page())
