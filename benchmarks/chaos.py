"""Chaos: processes are killed at random moments, and nothing is lost, doubled or different.

    python -m benchmarks.chaos --mode embedded    `mailroom serve` is killed and started again
    python -m benchmarks.chaos --mode cluster     API, workers, beat, PostgreSQL, Redis or Chroma
                                                  is; Redis is emptied, Chroma's folder deleted

A client sends documents all the while, again and again until each is accepted. What is there in
the end is compared, by content, with a run of the same documents that nothing disturbed.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import census
from benchmarks.census import Census
from benchmarks.client import Client
from benchmarks.common import report
from benchmarks.papers import Paper, papers
from benchmarks.topology import Cluster, Embedded, Topology, running, until

SOON_AGAIN = 0.25
"""Share of the kills that come right after the restart which the one before made necessary."""
SOON_SECONDS = 3.0
LATEST = 0.97
"""The last kill comes while this share of the work is not yet done."""
JOBS_PER_DOCUMENT = 2
"""Processing and embedding."""
PATIENCE_SECONDS = 1500
LOOK_SECONDS = 0.2
ESPECIALLY = ("redis flushed", "chroma deleted")
"""What a cluster suffers at least twice."""

TOPOLOGIES: dict[str, type[Topology]] = {"embedded": Embedded, "cluster": Cluster}
SETTINGS: dict[str, dict[str, str]] = {
    "embedded": {},
    "cluster": {
        "MAILROOM_JOBS__LEASE_SECONDS": "6",
        "MAILROOM_JOBS__SWEEP_SECONDS": "1",
        "MAILROOM_JOBS__BACKOFF_SECONDS": "0.5",
        "MAILROOM_JOBS__OUTAGE_PAUSE_SECONDS": "3",
        "MAILROOM_INDEX__VERIFY_SECONDS": "3",
        "MAILROOM_OUTSIDE__BREAKER_SECONDS": "3",
    },
}
"""So that a cluster recovers within seconds; as they come, it takes minutes, to the same end."""


@dataclass
class Run:
    """What happened while documents went through a topology."""

    census: Census
    seconds: float = 0.0
    client: dict[str, Any] = field(default_factory=dict)
    harms: Counter[str] = field(default_factory=Counter)
    ended_by_itself: Counter[str] = field(default_factory=Counter)
    left_behind: dict[str, int] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, Any]:
        """The numbers of this run alone."""
        return {
            "seconds": round(self.seconds),
            "kills": self.harms.total(),
            "harms": dict(self.harms),
            "ended_by_itself": dict(self.ended_by_itself),
            "client": self.client,
            "starts_per_job": self.census.starts,
            "repairs": self.census.repairs,
            "left_behind": {**self.left_behind, **self.census.strays},
        }


def undisturbed(folder: Path, sent: Sequence[Paper], seed: int) -> Run:
    """Send documents through one process that nobody disturbs."""
    return run(Embedded(folder, {}), sent, seed, kills=0)


def run(
    topology: Topology, sent: Sequence[Paper], seed: int, kills: int, spared: Sequence[str] = ()
) -> Run:
    """Send documents through a topology that is harmed so many times, in all ways but the spared.

    Raises:
        TimeoutError: the work does not end.
    """
    with running(topology):
        client = Client(topology.base, topology.key, sent, seed)
        work = _Work(topology, client, len(sent))
        started = time.monotonic()
        client.start()
        names = sorted(topology.harms.keys() - set(spared))
        harms = _harm(topology, work, random.Random(seed), kills, names)  # noqa: S311
        until(work.ended, "all work is done", PATIENCE_SECONDS)
        seconds = time.monotonic() - started
        client.stop()
        counted = topology.census()
    died = topology.crew.ended_by_itself
    return Run(counted, seconds, client.numbers, harms, died, topology.left_behind())


@dataclass
class _Work:
    """How far a topology is with what it was sent."""

    topology: Topology
    client: Client
    documents: int

    @property
    def progress(self) -> float:
        """The share of uploads and jobs that is done; jobs that are still to come count."""
        _, done = self.topology.jobs() or (0, 0)
        whole = self.client.uploads + JOBS_PER_DOCUMENT * self.documents
        return (self.client.accepted + done) / whole

    def ended(self) -> bool:
        """Tell whether everything was accepted and nothing is left to do."""
        return self.client.done and self._idle() and self.topology.whole()

    def _idle(self) -> bool:
        unfinished, _ = self.topology.jobs() or (1, 0)
        return not unfinished


def _harm(
    topology: Topology, work: _Work, dice: random.Random, kills: int, names: Sequence[str]
) -> Counter[str]:
    """Harm the topology at random moments over the whole time; return what was done to it."""
    done: Counter[str] = Counter()
    for moment, name in zip(_moments(kills, dice), _chosen(names, kills, dice), strict=True):
        if done and dice.random() < SOON_AGAIN:
            time.sleep(dice.uniform(0, SOON_SECONDS))
        else:
            while work.progress < moment and not work.ended():
                time.sleep(LOOK_SECONDS)
            time.sleep(dice.uniform(0, 2 * LOOK_SECONDS))
        topology.harms[name](dice)
        done[name] += 1
        print(f"{work.progress:4.0%} {name}", file=sys.stderr, flush=True)
    return done


def _moments(kills: int, dice: random.Random) -> list[float]:
    """Return shares of the work: one at random in each of as many equal parts of the whole."""
    return [(part + dice.random()) / kills * LATEST for part in range(kills)]


def _chosen(names: Sequence[str], kills: int, dice: random.Random) -> list[str]:
    """Return what to do each time: everything there is once, what matters most more often."""
    wanted = [*(name for name in ESPECIALLY if name in names), *names]
    wanted += dice.choices(names, k=max(0, kills - len(wanted)))
    dice.shuffle(wanted)
    return wanted[:kills]


def main() -> None:
    """Run undisturbed, run with chaos, compare, and print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", nargs="+", choices=TOPOLOGIES, default=["embedded"])
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spare", nargs="*", default=[], help="harms that are not done")
    parser.add_argument("--reference", type=Path, help="`undisturbed` of an earlier --keep")
    parser.add_argument("--data", type=Path, help="take real files from this folder instead")
    parser.add_argument("--keep", type=Path, help="an empty folder in which everything is kept")
    given = parser.parse_args()
    # To be ended leaves nothing running either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    sent = _real(given.data, given.documents) if given.data else papers(given.documents, given.seed)
    hashes = {one.sha256 for one in sent}
    with tempfile.TemporaryDirectory(prefix="mailroom-chaos-") as made:
        home = given.keep or Path(made)
        # PostgreSQL runs as a user of its own, and has its folder in here.
        Path(made).chmod(0o755)
        if given.reference:
            reference = Run(census.take_stopped(given.reference / "data"))
        else:
            reference = undisturbed(home / "undisturbed", sent, given.seed)
            print(f"undisturbed: {reference.seconds:.0f} s", file=sys.stderr, flush=True)
        numbers = {}
        for mode in given.mode:
            topology = TOPOLOGIES[mode](home / mode, SETTINGS[mode])
            disturbed = run(topology, sent, given.seed, given.kills, given.spare)
            judged = census.verdict(disturbed.census, reference.census, hashes)
            numbers[mode] = {
                "settings": SETTINGS[mode] or "as they come",
                **disturbed.told,
                **judged,
            }
    report(
        documents=len(hashes),
        seed=given.seed,
        undisturbed={**reference.told, "totals": reference.census.totals},
        **numbers,
    )
    sys.exit(0 if all(one["equal"] and not one["lost"] for one in numbers.values()) else 1)


def _real(folder: Path, number: int) -> list[Paper]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    dice = random.Random(0)  # noqa: S311 (the same sample every time)
    chosen = dice.sample(files, min(number, len(files)))
    found = {(paper := Paper(path.name, path.read_bytes())).sha256: paper for path in chosen}
    return list(found.values())


if __name__ == "__main__":
    main()
