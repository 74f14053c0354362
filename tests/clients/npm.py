"""A Node program with its packages, installed from its lock file."""

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("node")
LOCK = "package-lock.json"
MISSING = [name for name in ("node", "npm") if shutil.which(name) is None]

NO_NETWORK = frozenset(
    {
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "EHOSTUNREACH",
        "ENETUNREACH",
        "ENOTCACHED",
        "ENOTFOUND",
        "ETIMEDOUT",
    }
)
"""How npm says that it could not reach whoever has the packages."""

requires_node = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (Node 18.19 or newer, with npm)"
)


def install(directory: Path) -> Path:
    """Return the program in `directory`, with its packages beside it; skips without a network.

    What was installed there before is kept while the lock file is the same.
    """
    lock = (SOURCE / LOCK).read_bytes()
    installed = directory / "installed"
    if not installed.exists() or installed.read_bytes() != lock:
        _npm_ci(directory)
        installed.write_bytes(lock)
    return Path(shutil.copy(SOURCE / "export.mjs", directory))


def _npm_ci(directory: Path) -> None:
    for name in ("package.json", LOCK):
        shutil.copy(SOURCE / name, directory)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    ran = subprocess.run(
        ["npm", "ci", "--prefer-offline", *quiet],  # noqa: S607 - whichever is installed
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        unreachable = sorted(code for code in NO_NETWORK if code in ran.stderr)
        if unreachable:
            pytest.skip(f"npm could not fetch OpenTelemetry's packages: {', '.join(unreachable)}")
        pytest.fail(f"npm ci failed: {ran.stderr}")
