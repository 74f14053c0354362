"""A stand-in for an agent: makes model calls up, and tells of them as a real one would."""
# ruff: noqa: INP001 - a program in a ConfigMap, and no package

import random
import signal
import sys
import time

from exporter.client import Telemetry

CHANCE_OF_FAILURE = 0.05


def call(telemetry: Telemetry, chance: random.Random) -> None:
    """Make one call up, with the tool that it asks for."""
    with telemetry.completion("example-large", provider="example") as completion:
        time.sleep(chance.uniform(0.2, 2.0))
        completion.tokens(input=chance.randint(200, 4_000), output=chance.randint(20, 800))
        if chance.random() < CHANCE_OF_FAILURE:
            completion.failed(status_code=529)
    with telemetry.tool("search"):
        time.sleep(chance.uniform(0.01, 0.2))


def main() -> None:
    """Go on until SIGTERM; what was told is sent before the end."""
    # As the first process of a container it would be deaf to the signal otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    chance = random.Random()  # noqa: S311 - traffic, no secret
    with Telemetry(agent="example-agent") as telemetry:
        while True:
            call(telemetry, chance)


if __name__ == "__main__":
    main()
