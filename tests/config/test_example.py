"""The example file in the repository's root is complete and true."""

import typing
from pathlib import Path
from typing import Any

import yaml

from exporter.config import SETTINGS, Config, load, read_file

EXAMPLE = Path(__file__).parents[2] / "exporter.example.yml"


def _keys(section: type, path: str = "") -> set[str]:
    keys = set()
    for name, annotation in typing.get_type_hints(section).items():
        nested = hasattr(annotation, "__struct_fields__")
        keys |= _keys(annotation, f"{path}{name}.") if nested else {f"{path}{name}"}
    return keys


def _written(values: dict[str, Any], path: str = "") -> set[str]:
    keys = set()
    for name, value in values.items():
        nested = isinstance(value, dict)
        keys |= _written(value, f"{path}{name}.") if nested else {f"{path}{name}"}
    return keys


def test_the_example_is_the_defaults() -> None:
    """Loading the example file gives what loading nothing gives."""
    assert load(yaml_text=read_file(EXAMPLE), environ={}, flags={}) == Config()


def test_the_example_names_every_key() -> None:
    """The example file holds exactly the keys that exist."""
    assert _written(yaml.safe_load(EXAMPLE.read_text())) == _keys(Config)


def test_the_example_names_every_flag_and_variable() -> None:
    """Whoever reads the example learns how else a key can be set."""
    text = EXAMPLE.read_text()
    for setting in SETTINGS:
        assert f"--{setting.flag}" in text
        assert setting.variable in text
