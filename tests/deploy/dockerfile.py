"""The Dockerfile as instructions: what of its grammar is used here, and nothing else."""

import json
import re
from pathlib import Path
from typing import NamedTuple

DOCKERFILE = Path("Dockerfile")


class Instruction(NamedTuple):
    """A word such as `RUN` and what follows it, on one line."""

    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The exec form: a JSON array. Raises `ValueError` for the shell form."""
        parsed: list[str] = json.loads(self.rest)
        return parsed


def stages() -> list[list[Instruction]]:
    """Return the instructions of every stage, each beginning with its `FROM`."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found: list[list[Instruction]] = []
    for line in filter(None, text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append(Instruction(word, rest.strip()))
    return found


def all_of(stage: list[Instruction], word: str) -> list[Instruction]:
    """Return a stage's instructions of one word."""
    return [instruction for instruction in stage if instruction.word == word]


def one_of(stage: list[Instruction], word: str) -> Instruction:
    """Return a stage's only instruction of one word."""
    (instruction,) = all_of(stage, word)
    return instruction


def environment(stage: list[Instruction]) -> dict[str, str]:
    """Return what a stage's `ENV` sets."""
    rest = one_of(stage, "ENV").rest
    return dict(pair.split("=", 1) for pair in rest.split())
