"""What to record: from texts such as ``exc.v[:5]`` to probes and channels."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import NetworkError, RecordingError, listing, nearest
from ..program import Probe, Program
from ..recording import Channel
from ..units import TIME, display_unit, to_internal

_REQUEST = re.compile(r"(?P<name>\w+(?:\.\w+)+)(?:\[(?P<index>[^\]]*(?:\[[^\]]*\])?[^\]]*)\])?")
_WHOLE = re.compile(r"[-+]?\d+")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One entry of ``record``: a text such as ``exc.v[:5]`` and how often it is sampled, ms or None."""

    text: str
    every: float | None = None


def requests_of(record: Any, program: Program) -> list[Request]:
    """The entries of ``record``: a text, a list of texts and (text, ms) pairs, or a dict; None is no entry."""
    found = []
    for text, given in _entries(record):
        every = None if given is None else _interval(given, text)
        texts = [name for name in program.lists if name.endswith(".spikes")] if text == "spikes" else [text]
        found += [Request(text=one, every=every) for one in texts]
    return found


def observed(record: Any, parts: Mapping[str, Any]) -> list[str]:
    """The entries of ``record`` that are kept nowhere and have to be calculated, such as subexpressions."""
    asked = {match["name"] for text, _ in _entries(record) if (match := _REQUEST.fullmatch(text.strip()))}
    return sorted(
        name for name in asked if (ends := name.split("."))[0] in parts and ends[1] in parts[ends[0]].observable
    )


def _entries(record: Any) -> list[tuple[str, Any]]:
    """Each text with its interval, or None."""
    if record is None:
        return []
    if isinstance(record, str):
        record = [record]
    if isinstance(record, tuple) and len(record) == 2 and isinstance(record[0], str) and not isinstance(record[1], str):
        record = [record]  # one pair (text, ms), and not two texts
    if not isinstance(record, Iterable):
        raise RecordingError(
            f"record must be a text such as 'exc.spikes', a list or a dict of them, or None, got {record!r:.80}"
        )
    entries = list(record.items()) if isinstance(record, Mapping) else list(record)
    found = []
    for entry in entries:
        text, every = entry if isinstance(entry, tuple | list) and len(entry) == 2 else (entry, None)
        if not isinstance(text, str):
            raise RecordingError(
                f"record: an entry is a text such as 'exc.v[:5]' or a pair (text, ms), got {entry!r}"
            )
        found.append((text, every))
    return found


def _interval(every: Any, text: str) -> float:
    interval = to_internal(every, TIME, f"record {text!r}: the interval")
    if np.ndim(interval) or not (np.isfinite(interval) and interval > 0):
        raise RecordingError(f"record {text!r}: the interval must be > 0 and finite, got {every!r:.80}")
    return float(interval)


def resolve(record: Any, program: Program, further: Iterable[str] = ()) -> tuple[list[Probe], list[Channel]]:
    """The probes for a backend and the channels for a recording, in the order of ``record``.

    A channel is called by its variable, ``exc.v``; where a variable occurs more than once, by the whole text.
    Errors offer what is ``further`` observable, too.

    Raises
    ------
    NetworkError, RecordingError
        When a name, an index or an interval does not fit the program.
    """
    requests = requests_of(record, program)
    names = Counter(_parsed(request)[0] for request in requests)
    probes, channels, keys = [], [], set()
    for request in requests:
        name, index = _parsed(request)
        key = name if names[name] == 1 else request.text.replace(" ", "")
        if key in keys:
            raise RecordingError(f"record: {key!r} is asked for twice")
        keys.add(key)
        if name not in program.lists and name not in program.buffers:
            known = [*program.known, *further]
            raise NetworkError(f"record: there is no {name!r}{nearest(name, known)}; there are: {listing(known)}")
        probe, channel = _resolved(request, name, index, key, program)
        probes.append(probe)
        channels.append(channel)
    return probes, channels


def _parsed(request: Request) -> tuple[str, str | None]:
    match = _REQUEST.fullmatch(request.text.strip())
    if not match:
        raise RecordingError(
            f"record: {request.text!r} must read as exc.spikes, exc.v, exc.v[3], exc.v[:5] or exc.v[[1, 5]]"
        )
    return match["name"], match["index"]


def _resolved(
    request: Request, name: str, index: str | None, key: str, program: Program
) -> tuple[Probe, Channel]:
    every = _every(request, program.dt)
    replicas = program.replicas if program.replicas > 1 else None
    if name in program.lists:
        size = program.size_of(program.lists[name].space)
        if request.every is not None:
            raise RecordingError(
                f"record {request.text!r}: events are all recorded; an interval is for variables"
            )
        indices = _indices(index, size, request.text)
        return (
            Probe(key, "events", name, indices),
            Channel(key=key, kind="events", size=size, indices=indices, replicas=replicas),
        )
    buffer = program.buffers[name]
    size = 1 if buffer.space is None else program.size_of(buffer.space)
    indices = _indices(index, size, request.text)
    unit = display_unit(buffer.dimension)
    return (
        Probe(key, "samples", name, indices, every),
        Channel(
            key=key,
            kind="samples",
            size=size,
            indices=indices,
            every=every,
            replicas=replicas,
            unit="" if unit.name == "1" else unit.name,
            factor=round(1.0 / unit.factor, 9),
        ),
    )


def _every(request: Request, dt: float) -> int:
    if request.every is None:
        return 1
    steps = round(request.every / dt)
    if steps < 1 or abs(steps * dt - request.every) > 1e-6 * request.every:
        raise RecordingError(
            f"record {request.text!r}: the interval must be a multiple of the time step {dt:g} ms, "
            f"got {request.every:g} ms"
        )
    return steps


def _indices(index: str | None, size: int, text: str) -> np.ndarray | None:
    """The ascending indices that the brackets name; None for all."""
    if index is None or index.strip() == ":":
        return None
    chosen = _chosen(index.strip(), size, text)
    if not chosen:
        raise RecordingError(f"record {text!r}: nothing is chosen of 0..{size - 1}")
    return np.unique(np.asarray(chosen, dtype=np.int64))


def _chosen(index: str, size: int, text: str) -> Iterable[int] | None:
    def whole(part: str) -> int:
        if not _WHOLE.fullmatch(part.strip()):
            raise RecordingError(
                f"record {text!r}: {part.strip()!r} is no index; write [3], [:5], [::10] or [[1, 5, 9]]"
            )
        return int(part)

    if ":" in index:
        parts = index.split(":")
        bounds = [whole(part) if part.strip() else None for part in parts]
        if len(parts) > 3 or (len(parts) == 3 and bounds[2] == 0):
            raise RecordingError(f"record {text!r}: a slice is start:stop:step with a step that is not 0")
        return range(size)[slice(*bounds)]
    listed = index.removeprefix("[").removesuffix("]")
    found = [whole(part) for part in listed.split(",")] if listed.strip() else []
    for one in found:
        if not -size <= one < size:
            raise RecordingError(f"record {text!r}: index {one} is not in 0..{size - 1}")
    return [one % size for one in found]
