"""The real Prometheus and promtool, where they are installed."""

import os
import shutil

import pytest

MISSING = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]

if MISSING and os.environ.get("CI"):
    raise RuntimeError(f"with CI set nothing may be skipped; missing: {', '.join(MISSING)}")

requires_prometheus = pytest.mark.skipif(
    bool(MISSING),
    reason=f"not installed: {', '.join(MISSING)} (`make test` as root on Debian does)",
)
