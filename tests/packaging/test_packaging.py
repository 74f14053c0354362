"""What is pinned, and what a wheel holds."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())


@pytest.mark.parametrize("file", ["run.txt", "dev.txt"])
def test_every_requirement_is_pinned_and_hashed(file: str) -> None:
    """One version each, with its hashes, and no word of where it is fetched from."""
    text = Path("requirements", file).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line
    assert "://" not in text
    assert "--index-url" not in text


def test_every_dependency_has_its_reason() -> None:
    """In the line of `pyproject.toml` that names it, and in `requirements/*.in`."""
    text = Path("pyproject.toml").read_text()
    for dependency in PROJECT["project"]["dependencies"]:
        assert re.search(rf'"{re.escape(dependency)}", +# \w+', text), dependency
    plain = {"pytest", "hypothesis", "ruff"}
    for file in Path("requirements").glob("*.in"):
        for line in file.read_text().splitlines():
            assert "#" in line or line in plain, line


def test_the_wheel_holds_every_module_and_the_command(tmp_path: Path) -> None:
    """And the mark that says that the package is typed."""
    source = tmp_path / "source"
    shutil.copytree("exporter", source / "exporter", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(name, source)
    subprocess.run(
        [
            sys.executable,
            *("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
            *("--disable-pip-version-check", "--wheel-dir", str(tmp_path), str(source)),
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        assert b"agent-exporter = exporter.cli.main:main" in archive.read(entry_points)
    modules = {str(path) for path in Path("exporter").rglob("*.py")} | {"exporter/py.typed"}
    assert modules <= names
    assert not [name for name in names if name.startswith(("tests/", "bench/"))]


def test_python_m_exporter_is_the_command() -> None:
    """Both tell the same version."""
    done = subprocess.run(
        [sys.executable, "-m", "exporter", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith(PROJECT["project"]["version"])
