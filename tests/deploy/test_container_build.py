"""The Dockerfile's steps without an engine: what its build stage runs is run here, in a directory.

What is not tried so is the image itself: its base, the copy from stage to stage, the user.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.dockerfile import Instruction, environment, one_of, stages
from tests.e2e.processes import eventually, free_port, process

BUILD, RUNTIME = stages()


def _copy(instruction: Instruction, directory: Path) -> None:
    *sources, target = shlex.split(instruction.rest)
    for source in sources:
        to = directory / target / Path(source).name if target == "./" else directory / target
        to.parent.mkdir(parents=True, exist_ok=True)
        if Path(source).is_dir():
            shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the build stage with a directory for `/`, and this interpreter's pip; return it."""
    root = tmp_path_factory.mktemp("image")
    source = root / "src"
    source.mkdir()
    (root / "bin").mkdir()
    for name in ("python", "pip"):
        (root / "bin" / name).symlink_to(Path(sys.executable).with_name(name))
    path = f"{root / 'bin'}:{os.environ['PATH']}"
    for instruction in BUILD:
        if instruction.word == "COPY":
            _copy(instruction, source)
        if instruction.word == "RUN":
            step = instruction.rest.replace("/opt/", f"{root}/opt/")
            done = subprocess.run(
                ["sh", "-euc", step],  # noqa: S607 - as an engine would
                cwd=source,
                env={**os.environ, "PATH": path},
                check=False,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"{step}\n{done.stderr}"
    return root


@pytest.fixture(scope="module")
def variables(root: Path) -> dict[str, str]:
    """Return the runtime's environment, with free ports and directories of this machine."""
    given = environment(RUNTIME)
    text = {name: value.replace("/opt/", f"{root}/opt/") for name, value in given.items()}
    return text | {
        "PATH": text["PATH"].replace("$PATH", os.environ["PATH"]),
        "AGENT_EXPORTER_WEB_LISTEN_ADDRESS": f":{free_port()}",
        "AGENT_EXPORTER_STORAGE_PATH": str(root / "data"),
    }


def test_the_environment_holds_what_is_pinned_and_no_installer(root: Path) -> None:
    """Neither pip nor setuptools: what cannot be run there cannot be misused there."""
    (packages,) = (root / "opt" / "agent-exporter" / "lib").glob("python3.*/site-packages")
    there = {
        re.sub(r"[-_.]+", "-", path.name.partition("-")[0]).lower()
        for path in packages.glob("*.dist-info")
    }
    text = Path("requirements/run.txt").read_text()
    pinned = dict(re.findall(r"^([\w.-]+)==\S+ (;?)", text, re.MULTILINE))
    # What stands behind a semicolon is for some interpreters only.
    always = {name for name, condition in pinned.items() if not condition}
    assert always - {"setuptools"} <= there - {"agent-exporter"} <= pinned.keys() - {"setuptools"}
    assert "agent-exporter" in there
    assert not (packages / "pip").exists()


def test_it_serves_and_its_health_check_finds_it_well(
    root: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    """By the words of `ENTRYPOINT`, `CMD` and `HEALTHCHECK`, in the environment of `ENV`."""
    port = variables["AGENT_EXPORTER_WEB_LISTEN_ADDRESS"].removeprefix(":")
    entry = ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]
    served = [*entry, *one_of(RUNTIME, "ENTRYPOINT").words, *one_of(RUNTIME, "CMD").words]
    _, command = one_of(RUNTIME, "HEALTHCHECK").rest.split(" CMD ")
    check = [*entry, f"AGENT_EXPORTER_URL=http://127.0.0.1:{port}"]
    check += Instruction("CMD", command).words
    log = tmp_path / "log"
    with process(served, log) as running:

        def well() -> bool | None:
            assert running.poll() is None, log.read_text()
            done = subprocess.run(check, check=False, capture_output=True, text=True, timeout=60)
            # Until the journal is there, it says "degraded".
            return (done.returncode, done.stdout) == (0, "ok\n") or None

        assert eventually(well, "a good health check")
    assert (root / "data").is_dir()
    assert "pushes are taken from other machines without credentials" in log.read_text()
