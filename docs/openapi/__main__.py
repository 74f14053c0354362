"""`python -m docs.openapi` prints `docs/openapi.yaml`."""

import sys

from docs.openapi.document import text

sys.stdout.write(text())
