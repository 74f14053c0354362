"""Rules for the Dockerfile, as hadolint has them, and a few of our own: no engine is needed."""

import fnmatch
import re
import shlex
import tomllib
from pathlib import Path

from exporter.cli import healthcheck
from exporter.config import SETTINGS, load, parse_address
from tests.deploy.dockerfile import DOCKERFILE, all_of, environment, one_of, stages

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]
BUILD, RUNTIME = stages()

KNOWN = {"FROM", "WORKDIR", "RUN", "COPY", "ARG", "LABEL", "ENV", "USER", "EXPOSE"} | {
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}


def test_nothing_is_used_that_these_tests_do_not_read() -> None:
    """`ADD` of an address among it."""
    assert {instruction.word for stage in stages() for instruction in stage} <= KNOWN


def test_both_stages_begin_with_the_same_pinned_image() -> None:
    """The environment is built for the interpreter that runs it, and `latest` is no version."""
    bases = [one_of(stage, "FROM").rest.partition(" AS ")[0] for stage in stages()]
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", bases[0])
    minor = int(bases[0].split(".")[1].split("-")[0])
    assert f"Programming Language :: Python :: 3.{minor}" in PROJECT["classifiers"]


def test_the_runtime_takes_the_environment_and_nothing_else() -> None:
    """No compiler, no sources, no pip's cache; at the path where it was made."""
    copied = one_of(RUNTIME, "COPY").rest.split()
    assert copied == ["--from=build", "/opt/agent-exporter", "/opt/agent-exporter"]


def test_every_install_is_pinned_by_hash_or_fetches_nothing() -> None:
    """`requirements/run.txt` has all that is needed, with hashes; the project comes from here."""
    installs = [
        shlex.split(step)
        for run in all_of(BUILD, "RUN")
        for step in run.rest.split("&&")
        if " install " in step
    ]
    assert len(installs) == 2
    for install in installs:
        assert "--no-cache-dir" in install
        hashed = {"--require-hashes", "requirements/run.txt"} <= set(install)
        ours = install[-3:] == ["--no-deps", "--no-build-isolation", "."]
        assert hashed or ours


def test_it_does_not_run_as_root() -> None:
    """By number, which is what Kubernetes checks; the same as in the manifests."""
    assert one_of(RUNTIME, "USER").rest == "65532:65532"
    last = [instruction.word for instruction in RUNTIME if instruction.word in {"USER", "RUN"}]
    assert last[-1] == "USER"


def test_its_storage_is_a_directory_of_its_user() -> None:
    """A volume that is mounted there takes that over."""
    (made,) = all_of(RUNTIME, "RUN")
    words = shlex.split(made.rest)
    assert {"--owner=65532", "--group=65532"} <= set(words)
    assert environment(RUNTIME)["AGENT_EXPORTER_STORAGE_PATH"].startswith(words[-1] + "/")


def test_signals_reach_the_exporter() -> None:
    """In exec form there is no shell in between; SIGTERM is what it waits for, and the default."""
    assert one_of(RUNTIME, "ENTRYPOINT").words == ["agent-exporter"]
    assert one_of(RUNTIME, "CMD").words == ["serve"]
    assert not all_of(RUNTIME, "STOPSIGNAL")


def test_its_environment_sets_what_the_exporter_knows() -> None:
    """It listens where the container can be reached, on the port that is exposed."""
    variables = {
        name: value
        for name, value in environment(RUNTIME).items()
        if name.startswith("AGENT_EXPORTER_")
    }
    assert set(variables) <= {setting.variable for setting in SETTINGS}
    config = load(yaml_text=None, environ=variables, flags={}, directory=Path())
    (address,) = config.web.listen_address
    assert parse_address(address) == (None, int(one_of(RUNTIME, "EXPOSE").rest))


def test_the_health_check_asks_where_it_listens() -> None:
    """In exec form, and longer than the exporter's own patience."""
    options, command = one_of(RUNTIME, "HEALTHCHECK").rest.split(" CMD ")
    assert command == '["agent-exporter", "healthcheck"]'
    port = one_of(RUNTIME, "EXPOSE").rest
    assert healthcheck.DEFAULT_URL.endswith(f"//127.0.0.1:{port}")
    times = dict(option.removeprefix("--").split("=") for option in options.split())
    assert int(times["timeout"].removesuffix("s")) > healthcheck.DEFAULT_TIMEOUT_SECS


def test_labels_say_what_it_is() -> None:
    """In the names of the Open Container Initiative; of the version that is built."""
    labels = dict(label.split("=", 1) for label in shlex.split(one_of(RUNTIME, "LABEL").rest))
    names = {name.removeprefix("org.opencontainers.image.") for name in labels}
    assert {"title", "description", "version", "revision", "licenses"} == names
    assert labels["org.opencontainers.image.licenses"] == PROJECT["license"]
    arguments = dict(argument.rest.split("=") for argument in all_of(RUNTIME, "ARG"))
    assert arguments["VERSION"] == PROJECT["version"]
    assert f"agent-exporter:{PROJECT['version']}" in DOCKERFILE.read_text()


def test_what_is_copied_is_let_through_and_nothing_else_is() -> None:
    """The context has neither the repository's history nor an environment, data or tests."""
    lines = [
        line
        for line in Path(".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[0] == "*"
    let_through = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {source for copy in all_of(BUILD, "COPY") for source in shlex.split(copy.rest)[:-1]}
    assert let_through == copied
    assert all(Path(source).exists() for source in copied)
    assert not [name for name in let_through if fnmatch.fnmatch(name, ".*")]
    assert any(fnmatch.fnmatch("exporter/web/__pycache__", line) for line in lines[1:])
