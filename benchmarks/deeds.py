"""What a poisonous document does to the process that meets it; see `benchmarks.poisoned`.

A text that holds `POISON worker-segfault` makes the process that classifies it crash, and
`POISON reading-segfault` the child that reads it.
"""

import ctypes
import os
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ingest import reading_child
from ingest.parsers.choose import choose

MARK = re.compile(r"POISON (worker|reading)-(\w+)")
TAKEN_MB = 400
MEGABYTE = 1 << 20


def segfault() -> None:
    """Read from address 0."""
    ctypes.string_at(0)


def endless() -> None:
    """Never come back."""
    while True:
        pass


def hungry() -> None:
    """Take memory until there is none; where nothing forbids it, end as the kernel would end us."""
    held = [bytearray(MEGABYTE) for _ in range(TAKEN_MB)]
    os.kill(os.getpid(), signal.SIGKILL)
    del held


DEEDS: Mapping[str, Callable[[], None]] = {
    "segfault": segfault,
    "endless": endless,
    "memory": hungry,
}


def obey(who: str, text: str) -> None:
    """Do what a text asks of this process, if it asks for anything."""
    found = MARK.search(text)
    if found and found[1] == who:
        DEEDS[found[2]]()


def read(task: Mapping[str, Any]) -> None:
    """Read in the child, with its limits; some files do a deed there."""

    def weak(media_type: str) -> Any:
        opener = choose(media_type)

        def opened(path: Path, bounds: Any) -> Any:
            obey("reading", path.read_text("utf-8", "replace"))
            return opener(path, bounds)

        return opened

    vars(reading_child)["choose"] = weak
    reading_child.main(task)
