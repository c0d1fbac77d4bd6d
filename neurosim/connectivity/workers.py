"""Blocks of work on a few threads, and the memory that there is."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..errors import MemoryForeseenError


def usable_threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_blocks(
    work: Callable[[Any, Any], None], blocks: Sequence[Any], make_scratch: Callable[[], Any], threads: int
) -> None:
    """Call ``work(block, scratch)`` for every block, each thread with a scratch of its own.

    The work must not depend on the order of the blocks: they are taken as threads become free.
    """
    waiting = iter(blocks)  # taking the next of a list is one step under the interpreter's lock

    def take() -> None:
        scratch = make_scratch()
        for block in waiting:
            work(block, scratch)

    threads = min(threads, len(blocks))
    if threads <= 1:
        take()
        return
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(take) for _ in range(threads)]:
            future.result()


def available_memory() -> int | None:
    """Bytes that can be had without swapping, or None where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def check_memory(what: str, needed: int, max_memory: int | None) -> None:
    """Refuse what does not fit into ``max_memory`` bytes, or into the memory that is free.

    Raises
    ------
    MemoryForeseenError
        Saying how much is needed and how much there is.
    """
    limit = available_memory() if max_memory is None else max_memory
    if limit is not None and needed > limit:
        there = "available" if max_memory is None else "allowed"
        raise MemoryForeseenError(
            f"{what} would need {readable(needed)}, but only {readable(limit)} are {there}"
        )


def readable(count: int) -> str:
    """Bytes as people say them: ``1.4 GB``."""
    number = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if number < 1000.0:
            return f"{number:.3g} {unit}"
        number /= 1000.0
    return f"{number:.3g} PB"
