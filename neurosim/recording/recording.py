"""What a run left behind."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import RecordingError, listing, nearest
from .channel import Channel
from .files import load_archive, load_folder, save_archive, save_folder
from .manifest import Manifest, Pieces
from .spikes import Spikes
from .traces import Traces

if TYPE_CHECKING:
    import neo
    import xarray
    from matplotlib.figure import Figure


class Recording:
    """Spikes and traces of a run by name, with the time they cover and how they came about.

    ``recording["exc.spikes"]`` is a `Spikes`, ``recording["exc.v"]`` a `Traces`.

    Parameters
    ----------
    manifest
        What was recorded, and when.
    pieces
        The arrays; kept as they are, they may be mapped files.
    owner
        Something that must live as long as the arrays, such as a temporary folder.
    """

    def __init__(self, manifest: Manifest, pieces: Pieces, owner: object = None):
        self._manifest = manifest
        self._pieces = pieces
        self._owner = owner
        self._channels = {channel.key: channel for channel in manifest.channels}
        self._made: dict[str, Spikes | Traces] = {}

    @property
    def dt(self) -> float:
        """Time step, ms."""
        return self._manifest.dt

    @property
    def start(self) -> float:
        """When recording began, ms."""
        return self._manifest.start_step * self.dt

    @property
    def stop(self) -> float:
        """Until when everything was recorded, ms."""
        return self._manifest.stop_step * self.dt

    @property
    def duration(self) -> float:
        """How long was recorded, ms."""
        return (self._manifest.stop_step - self._manifest.start_step) * self.dt

    @property
    def finished(self) -> bool:
        """False when the run was interrupted, or was still going on: then it is complete until ``stop``."""
        return self._manifest.finished

    @property
    def metadata(self) -> dict[str, Any]:
        """How the recording came about, in plain values."""
        return dict(self._manifest.metadata)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What was recorded, in the order asked for."""
        return self._manifest.channels

    def keys(self) -> tuple[str, ...]:
        """The names of what was recorded."""
        return tuple(self._channels)

    def items(self) -> Iterator[tuple[str, Spikes | Traces]]:
        """Each name with its spikes or traces."""
        return ((key, self[key]) for key in self._channels)

    def __getitem__(self, key: str) -> Any:
        if key not in self._channels:
            hint = nearest(str(key), self._channels)
            raise RecordingError(
                f"nothing is recorded as {key!r}; there are: {listing(self._channels)}{hint}"
            )
        if key not in self._made:
            channel = self._channels[key]
            self._made[key] = self._spikes(channel) if channel.kind == "events" else self._traces(channel)
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)

    def __contains__(self, key: object) -> bool:
        return key in self._channels

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._channels)

    def _columns(self, channel: Channel) -> dict[str, np.ndarray]:
        """The arrays of a channel, cut where the recording stops being complete."""
        row = (channel.count,) if channel.replicas is None else (channel.replicas, channel.count)
        empty = {"steps": np.zeros(0, np.int64), "values": np.zeros((0, *row))}
        columns = {
            column: parts[0]
            if len(parts) == 1
            else np.concatenate(parts)
            if parts
            else empty.get(column, np.zeros(0, np.int32))
            for column, parts in self._pieces[channel.key].items()
        }
        stop = int(np.searchsorted(columns["steps"], self._manifest.stop_step))
        return {column: values[:stop] for column, values in columns.items()}

    def _spikes(self, channel: Channel) -> Spikes:
        return Spikes(
            **self._columns(channel),
            size=channel.size,
            dt=self.dt,
            start_step=self._manifest.start_step,
            stop_step=self._manifest.stop_step,
            recorded=channel.indices,
            batch=channel.replicas,
            label=channel.label or channel.key.removesuffix(".spikes"),
        )

    def _traces(self, channel: Channel) -> Traces:
        return Traces(
            **self._columns(channel),
            indices=channel.recorded,
            unit=channel.unit,
            dt=self.dt,
            label=channel.label or channel.key,
        )

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write a folder of ``.npy`` files, or a single file when ``path`` ends in ``.npz``.

        Raises
        ------
        RecordingError
            When it cannot be written, or something is there that may not be written over.
        """
        path = Path(path)
        save = save_archive if path.suffix == ".npz" else save_folder
        save(path, replace(self._manifest, segments={}), self._pieces, overwrite)
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Recording":
        """Read what ``save`` wrote, or what a run streamed, also when it was cut short.

        Raises
        ------
        RecordingError
            When there is no recording, or it is damaged.
        """
        path = Path(path)
        if not path.exists():
            raise RecordingError(f"there is no recording at {path}")
        return cls(*(load_folder(path) if path.is_dir() else load_archive(path)))

    def to_xarray(self) -> "xarray.Dataset":
        """A Dataset: traces over time and neuron, spikes as a list of events; units are attributes."""
        from .interop import to_xarray

        return to_xarray(self)

    def to_neo(self) -> "neo.Block":
        """A Block with a Segment for each replica, SpikeTrains and AnalogSignals in them."""
        from .interop import to_neo

        return to_neo(self)

    def plot(self, **options: Any) -> "Figure":
        """A figure with raster, rates and traces of what was recorded; options as of ``plots.overview``."""
        from ..plots import overview

        return overview(self, **options)

    def __repr__(self) -> str:
        from .summary import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from .summary import as_html

        return as_html(self)
