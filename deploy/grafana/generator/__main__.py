"""Write the boards, or with `--check` see whether they are as they would be written.

`python -m deploy.grafana.generator [--check]`, from the root of the repository. Ends with 1 where a
checked board differs, is missing, or is not one of ours.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from deploy.grafana.generator.boards import BOARDS
from deploy.grafana.generator.looks import Json

DIRECTORY: Final = Path(__file__).parents[1] / "dashboards"


def text(board: Json) -> str:
    """Return what stands in a board's file."""
    return json.dumps(board, indent=2) + "\n"


def differing(directory: Path) -> list[str]:
    """Return the names of files that are not as they would be written."""
    wanted = {f"{board['uid']}.json": text(board) for board in BOARDS}
    found = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.json")}
    return sorted(name for name in wanted | found if wanted.get(name) != found.get(name))


def main(arguments: list[str]) -> int:
    """Write or check, as asked, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana.generator")
    parser.add_argument("--check", action="store_true", help="write nothing; say what differs")
    if parser.parse_args(arguments).check:
        names = differing(DIRECTORY)
        sys.stdout.writelines(f"{name} is not what the generator makes\n" for name in names)
        return 1 if names else 0
    DIRECTORY.mkdir(exist_ok=True)
    for board in BOARDS:
        (DIRECTORY / f"{board['uid']}.json").write_text(text(board), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
