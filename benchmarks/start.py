"""How soon `mailroom serve` is ready, how much memory it holds idle, and whether torch is in it."""

import time

from benchmarks.common import report, service, spread

ROUNDS = 5
SETTLE_SECONDS = 3


def main() -> None:
    """Start the service several times and print the numbers."""
    ready, memory, torch = [], [], False
    for _ in range(ROUNDS):
        with service() as running:
            ready.append(running.ready_seconds)
            time.sleep(SETTLE_SECONDS)
            memory.append(running.resident_mb)
            torch = torch or running.loads_torch
    report(
        rounds=ROUNDS,
        ready_seconds=spread(ready),
        idle_mb=round(max(memory)),
        torch_loaded=torch,
    )


if __name__ == "__main__":
    main()
