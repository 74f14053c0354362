"""`python -m tests.soak.kills [--kills N] [--seed N]`: the kill test, for hours if need be."""

import argparse
import random
import sys
import tempfile
import threading
from pathlib import Path

from tests.kill.campaign import Campaign

PROGRESS_SECS = 30.0


def main() -> int:
    """Kill as often as asked, and say what came of it; returns 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--sync", choices=("normal", "full"), default="normal")
    options = parser.parse_args()
    print(f"seed {options.seed}, sync {options.sync}")
    with tempfile.TemporaryDirectory() as directory:
        campaign = Campaign(Path(directory), seed=options.seed, sync=options.sync)
        ended = threading.Event()
        threading.Thread(target=_tell, args=(campaign, ended), daemon=True).start()
        campaign.run(options.kills)
        ended.set()
        with campaign.alive():
            differences = campaign.differences()
    print(campaign.figures())
    for line in [*campaign.scraper.steps_back, *map(str, differences.items())]:
        print(f"BROKEN {line}")
    return 1 if differences or campaign.scraper.steps_back else 0


def _tell(campaign: Campaign, ended: threading.Event) -> None:
    while not ended.wait(PROGRESS_SECS):
        print(campaign.figures(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
