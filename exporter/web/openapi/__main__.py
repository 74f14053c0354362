"""`python -m exporter.web.openapi` prints `docs/openapi.yaml`."""

import sys

from exporter.web.openapi.document import text

sys.stdout.write(text())
