"""One description of a network, run by neurosim and by Brian 2 from the same arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurosim import Network, Neurons, simulate
from neurosim.connectivity import FromArrays

DT = 0.1
"""Time step of every comparison, ms."""


@dataclass(frozen=True, kw_only=True)
class Edges:
    """Edges drawn once, for both.

    Parameters
    ----------
    source, target
        (E,) neurons.
    steps
        Delay in our steps, a number or (E,): a spike of step k arrives at the beginning of step k + d.
    on_pre
        What a spike does.
    w
        The value of ``w`` in it, in ``unit`` (a unit's name, or 1).
    """

    source: np.ndarray
    target: np.ndarray
    steps: Any
    on_pre: str
    w: float
    unit: str = "1"


@dataclass(frozen=True, kw_only=True)
class Model:
    """Neurons of one kind and the edges between them; numbers with the names of their units.

    Parameters
    ----------
    size, equations, threshold, reset, refractory, method
        As of ``Neurons``; refractory in ms or a condition. Texts hold for both.
    values, initial
        Name to (number, or array of mV; unit) of constants and of variables at the start.
    edges
        What joins them.
    """

    size: int
    equations: str
    threshold: str
    reset: str
    method: str
    refractory: float | str
    values: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    initial: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    edges: tuple[Edges, ...] = ()


def network(model: Model) -> Network:
    """The model in our words; all its units are those in which we take plain numbers."""
    cells = Neurons(
        model.size,
        model.equations,
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        method=model.method,
        initial={name: value for name, (value, _) in model.initial.items()},
        **{name: value for name, (value, _) in model.values.items()},
    )
    net = Network({"cell": cells})
    for number, edges in enumerate(model.edges):
        net.connect(
            "cell",
            "cell",
            FromArrays(edges.source, edges.target),
            name=f"edges_{number}",
            on_pre=edges.on_pre,
            w=edges.w,
            delay=np.asarray(edges.steps) * DT if np.ndim(edges.steps) else float(edges.steps * DT),
        )
    return net


def our_spikes(model: Model, duration: float, backend: str = "numba") -> tuple[np.ndarray, np.ndarray]:
    """(S,) steps and (S,) neurons of all spikes in ``duration`` ms, sorted by both."""
    recording = simulate(
        network(model),
        duration,
        dt=DT,
        backend=backend,
        dtype="float64",
        record=["cell.spikes"],
        progress=False,
    )
    spikes = recording["cell.spikes"]
    return spikes.steps, spikes.indices


def brian_spikes(model: Model, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """The same from Brian 2."""
    import brian2 as b

    b.prefs.codegen.target = "numpy"
    units = {"1": 1.0, "mV": b.mV, "mV/ms": b.mV / b.ms, "ms": b.ms, "pA": b.pA, "pF": b.pF, "nS": b.nS}
    b.start_scope()
    clock = b.Clock(dt=DT * b.ms)
    numbers = {name: value * units[unit] for name, (value, unit) in model.values.items()}
    # one number per neuron is no constant to Brian 2 but a parameter of the equations
    arrays = {name: value for name, (value, _) in model.values.items() if np.ndim(value)}
    dimensions = "".join(f"\n{name} : volt (constant)" for name in arrays)
    cells = b.NeuronGroup(
        model.size,
        model.equations + dimensions,
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory * b.ms if isinstance(model.refractory, float) else model.refractory,
        method=model.method,
        namespace={n: value for n, value in numbers.items() if n not in arrays},
        clock=clock,
    )
    started = {name: value * units[unit] for name, (value, unit) in model.initial.items()}
    for name, value in {**started, **{name: numbers[name] for name in arrays}}.items():
        setattr(cells, name, value)
    monitor = b.SpikeMonitor(cells)
    parts: list[Any] = [cells, monitor]
    for edges in model.edges:
        synapses = b.Synapses(
            cells, cells, on_pre=edges.on_pre, namespace={"w": edges.w * units[edges.unit]}, clock=clock
        )
        synapses.connect(i=edges.source, j=edges.target)
        # Brian 2 delivers at the end of a step, so that its delay of 0 is our delay of one step
        synapses.delay = (np.asarray(edges.steps) - 1) * DT * b.ms
        parts.append(synapses)
    b.Network(*parts).run(duration * b.ms)
    steps = np.rint(np.asarray(monitor.t / b.ms) / DT).astype(np.int64)
    neurons = np.asarray(monitor.i)
    order = np.lexsort((neurons, steps))
    return steps[order], neurons[order]


def first_difference(ours: tuple[np.ndarray, np.ndarray], theirs: tuple[np.ndarray, np.ndarray]) -> str:
    """What differs first, in words; empty when all spikes are the same."""
    shorter = min(len(ours[0]), len(theirs[0]))
    same = (ours[0][:shorter] == theirs[0][:shorter]) & (ours[1][:shorter] == theirs[1][:shorter])
    if same.all() and len(ours[0]) == len(theirs[0]):
        return ""
    at = int(np.argmin(same)) if not same.all() else shorter
    shown = [
        f"{name}: neuron {which[at]} in step {when[at]}" if at < len(when) else f"{name}: no more spikes"
        for name, (when, which) in (("neurosim", ours), ("Brian 2", theirs))
    ]
    return f"{at} spikes are the same, then {', '.join(shown)} ({len(ours[0])} and {len(theirs[0])} in all)"
