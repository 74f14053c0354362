"""A place to run exporters in, and a small disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.disk import Disk, mounted
from tests.faults.serving import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a place with nothing in it; whatever runs there ends with the test."""
    place = Site(tmp_path)
    yield place
    place.end()


@pytest.fixture
def disk(site: Site) -> Iterator[Disk]:
    """Return a small disk that the storage of `site` is on."""
    path = site.directory / "disk"
    path.mkdir()
    with mounted(path) as small:
        site.storage = path / "data"
        yield small
        site.end()
