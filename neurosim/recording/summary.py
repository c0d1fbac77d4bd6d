"""A recording at a glance: as text, and as a table for notebooks."""

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

import numpy as np

from .spikes import Spikes

DOTS = 700
"""The most spikes drawn in a preview."""
WIDTH, HEIGHT = 360, 60


class Row(NamedTuple):
    """What is said of one channel."""

    key: str
    kind: str
    neurons: str
    data: str
    value: str


def rows(recording: Mapping[str, Any]) -> list[Row]:
    """One row per channel."""
    return [_row(key, recording[key]) for key in recording]


def _row(key: str, data: Any) -> Row:
    copies = "" if data.batch is None else f" x {data.batch} replicas"
    if isinstance(data, Spikes):
        neurons = f"{data.shape[-1]:,}" + ("" if data.recorded is None else f" of {data.size:,}") + copies
        return Row(key, "spikes", neurons, f"{data.count:,} spikes", f"{data.mean_rate():.3g} Hz")
    shape = " x ".join(f"{length:,}" for length in data.shape)
    every = f" every {(data.steps[1] - data.steps[0]) * data.dt:g} ms" if len(data) > 1 else ""
    return Row(key, "traces", f"{len(data.indices):,}{copies}", f"{shape} samples{every}", data.unit or "1")


def heading(recording: Any) -> str:
    """Duration, time step and whether the run came to its end."""
    end = "" if recording.finished else f"; interrupted, complete until {recording.stop:g} ms"
    begin = f" from {recording.start:g} ms" if recording.start else ""
    return f"Recording of {recording.duration:g} ms{begin} in steps of {recording.dt:g} ms{end}"


def as_text(recording: Any) -> str:
    """A line per channel, in columns."""
    found = rows(recording)
    widths = [max((len(row[column]) for row in found), default=0) for column in range(len(Row._fields))]
    lines = [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in found
    ]
    return "\n".join([heading(recording), *(line.rstrip() for line in lines)])


def as_html(recording: Any) -> str:
    """A table, with a small raster of each population's spikes."""
    cells = "".join(_html_row(row, recording[row.key]) for row in rows(recording))
    columns = ("", "", "neurons", "data", "", "preview")
    names = "".join(f'<th style="text-align:left">{name}</th>' for name in columns)
    return (
        f"<div><b>{escape(heading(recording))}</b>"
        f'<table style="border-collapse:collapse"><thead><tr>{names}</tr></thead>'
        f"<tbody>{cells}</tbody></table></div>"
    )


def _html_row(row: Row, data: Any) -> str:
    picture = _raster(data) if isinstance(data, Spikes) else _lines(data)
    texts = "".join(f'<td style="text-align:left">{escape(text)}</td>' for text in row[1:])
    name = f'<td style="text-align:left"><code>{escape(row.key)}</code></td>'
    return f"<tr>{name}{texts}<td>{picture}</td></tr>"


def _svg(path: str, stroke: str) -> str:
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f'<path d="{path}" fill="none" stroke="currentColor" {stroke}/></svg>'
    )


def _raster(spikes: Spikes) -> str:
    """Every spike, or evenly chosen ones, as a dot."""
    if not spikes.count:
        return ""
    chosen = np.unique(np.linspace(0, spikes.count - 1, min(spikes.count, DOTS)).astype(int))
    span = max(spikes.stop_step - spikes.start_step, 1)
    x = (np.asarray(spikes.steps[chosen]) - spikes.start_step) / span * (WIDTH - 2)
    y = HEIGHT - 2 - spikes.slots[chosen] / max(spikes.trains_count, 1) * (HEIGHT - 4)
    dots = "".join(f"M{a:.0f} {b:.0f}h1.2" for a, b in zip(x, y, strict=True))
    return _svg(dots, 'stroke-width="1.2" opacity="0.7"')


def _lines(traces: Any) -> str:
    """The first three traces, thinned."""
    if traces.values.size == 0:
        return ""
    chosen = np.unique(np.linspace(0, len(traces) - 1, min(len(traces), WIDTH // 2)).astype(int))
    values = np.asarray(traces.values[chosen], float).reshape(len(chosen), -1)[:, :3]
    if not np.all(np.isfinite(values)):
        return ""
    x = np.linspace(0, WIDTH, len(chosen))
    y = HEIGHT - 3 - (values - values.min()) / (np.ptp(values) or 1.0) * (HEIGHT - 6)
    paths = ["M" + "L".join(f"{a:.0f} {b:.1f}" for a, b in zip(x, line, strict=True)) for line in y.T]
    return _svg("".join(paths), 'stroke-width="0.8"')
