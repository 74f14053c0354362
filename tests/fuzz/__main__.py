"""`python -m tests.fuzz SECS`: the fuzz tests round after round, each with inputs of its own.

A round that fails ends the run, and says how to see the same again.
"""

import os
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parent
_STATISTICS = "=== Hypothesis Statistics ==="
_PASSING = re.compile(r"(\d+) passing")


def main(secs: float) -> int:
    """Run rounds until so many seconds are over, at least one; return the exit status."""
    ends_at = time.monotonic() + secs
    inputs = rounds = 0
    while not rounds or time.monotonic() < ends_at:
        seed = secrets.randbelow(2**32)
        output, status = _round(seed)
        if status:
            told = output.partition(_STATISTICS)[0]
            sys.stdout.write(f"{told}\nfailed with --hypothesis-seed={seed}\n")
            return status
        rounds += 1
        inputs += sum(map(int, _PASSING.findall(output)))
        sys.stdout.write(f"round {rounds}, seed {seed}: {inputs} inputs, no failure\n")
        sys.stdout.flush()
    return 0


def _round(seed: int) -> tuple[str, int]:
    options = ["-q", "--hypothesis-show-statistics", f"--hypothesis-seed={seed}"]
    command = [sys.executable, "-m", "pytest", *options, str(TESTS)]
    environ = {"HYPOTHESIS_PROFILE": "fuzz"} | os.environ
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    return done.stdout + done.stderr, done.returncode


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 120))
