"""Recordings for other packages; each is imported only here."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import RecordingError
from .spikes import Spikes
from .traces import Traces

if TYPE_CHECKING:
    import neo
    import xarray

QUANTITIES_NAMES = {
    "µM": "uM",
    "μM": "uM",
    "GΩ": "Gohm",
    "MΩ": "Mohm",
    "Ω": "ohm",
    "µA": "uA",
    "": "dimensionless",
}
"""Units that the package `quantities` writes in another way."""


def to_xarray(recording: Any) -> "xarray.Dataset":
    """See `Recording.to_xarray`."""
    try:
        import xarray
    except ModuleNotFoundError as error:
        raise RecordingError(f"to_xarray needs {error.name}: pip install neurosim[interop]") from None
    axes = _Axes()
    variables: dict[str, Any] = {}
    for key, data in recording.items():
        if isinstance(data, Spikes):
            events = f"{key}.event"
            variables[key] = xarray.Variable(events, data.times, {"units": "ms", "size": data.size})
            axes.coordinates[f"{key}.neuron"] = (events, np.asarray(data.indices))
            if data.replicas is not None:
                axes.coordinates[f"{key}.replica"] = (events, np.asarray(data.replicas))
            continue
        names = [
            axes.name("time", data.times, {"units": "ms"}),
            axes.name(f"{_part(key)}.neuron", data.indices, {}),
        ]
        if data.batch is not None:
            names.insert(1, axes.name("replica", np.arange(data.batch), {}))
        variables[key] = xarray.Variable(names, data.values, {"units": data.unit or "1"})
    attributes = {name: getattr(recording, name) for name in ("dt", "start", "stop")}
    attributes |= {"finished": int(recording.finished), "metadata": json.dumps(recording.metadata)}
    return xarray.Dataset(variables, axes.coordinates, attributes)


class _Axes:
    """Dimensions by name; two that differ get different names."""

    def __init__(self) -> None:
        self.coordinates: dict[str, Any] = {}

    def name(self, wanted: str, values: np.ndarray, attributes: dict[str, str]) -> str:
        name, number = wanted, 1
        while name in self.coordinates and not np.array_equal(self.coordinates[name][1], values):
            number += 1
            name = f"{wanted}_{number}"
        self.coordinates[name] = (name, values, attributes)
        return name


def to_neo(recording: Any) -> "neo.Block":
    """See `Recording.to_neo`."""
    try:
        import neo
        import quantities
    except ModuleNotFoundError as error:
        raise RecordingError(f"to_neo needs {error.name}: pip install neurosim[interop]") from None
    block = neo.Block(name="neurosim", finished=recording.finished, metadata=json.dumps(recording.metadata))
    batches = {data.batch for _, data in recording.items()} - {None}
    for number in range(max(batches, default=1)):
        segment = neo.Segment(name=f"replica {number}" if batches else "run", index=number)
        block.segments.append(segment)
        for key, data in recording.items():
            one = data if data.batch is None else data.replica(number)
            if isinstance(one, Spikes):
                segment.spiketrains.extend(_spike_trains(neo, key, one))
            else:
                _add_signal(neo, quantities, segment, key, one)
    return block


def _spike_trains(neo: Any, key: str, spikes: Spikes) -> list[Any]:
    return [
        neo.SpikeTrain(
            times,
            units="ms",
            t_start=spikes.start,
            t_stop=spikes.stop,
            name=f"{key}[{neuron}]",
            population=key,
            neuron=int(neuron),
        )
        for neuron, times in zip(spikes.neurons, spikes.trains(), strict=True)
    ]


def _add_signal(neo: Any, quantities: Any, segment: Any, key: str, traces: Traces) -> None:
    """An AnalogSignal when the samples lie evenly, else an IrregularlySampledSignal."""
    if not len(traces):
        return
    units = _quantities_unit(quantities, traces.unit)
    kept = {"name": key, "unit": traces.unit, "array_annotations": {"neuron": np.asarray(traces.indices)}}
    gaps = np.unique(np.diff(traces.steps))
    if len(gaps) > 1:
        signal = neo.IrregularlySampledSignal(
            traces.times, traces.values, units=units, time_units="ms", **kept
        )
        segment.irregularlysampledsignals.append(signal)
        return
    period = (int(gaps[0]) if len(gaps) else 1) * traces.dt * quantities.ms
    start = traces.times[0] * quantities.ms
    signal = neo.AnalogSignal(traces.values, units=units, sampling_period=period, t_start=start, **kept)
    segment.analogsignals.append(signal)


def _quantities_unit(quantities: Any, unit: str) -> Any:
    """The unit as `quantities` knows it; dimensionless, with the name as an annotation, when it does not."""
    try:
        return quantities.Quantity(1.0, QUANTITIES_NAMES.get(unit, unit)).units
    except LookupError:
        return quantities.dimensionless


def _part(key: str) -> str:
    """``exc.v[:5]`` belongs to ``exc``."""
    return key.split(".", maxsplit=1)[0]
