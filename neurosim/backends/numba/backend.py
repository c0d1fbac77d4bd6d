"""From a program to a runner."""

import os
import time
from collections.abc import Sequence

import numpy as np

from ...errors import BackendError, listing
from ...kernels.loader import load
from ...program import Probe, Program, Propagate, check_probes, check_program
from ..base import Backend, Options
from .homes import settle
from .layout import Layout
from .module import make_module
from .runner import NumbaRunner
from .separate import separated

WORK_PER_THREAD = 12_000.0
"""Nanoseconds of work in a step below which one more thread costs more in waiting than it saves."""


class NumbaBackend(Backend):
    """Compiles programs with Numba; see ``Options`` for precision and threads."""

    name = "numba"

    def prepare(self, program: Program, probes: Sequence[Probe], options: Options) -> NumbaRunner:
        """Render, compile (or find in the cache) and allocate."""
        if options.dtype not in ("float32", "float64"):
            raise BackendError(f"numba: dtype must be one of {listing(['float32', 'float64'])}, got {options.dtype!r}")
        if options.threads < 0:
            raise BackendError(f"numba: threads must be >= 0, got {options.threads!r}")
        threads = options.threads or sensible_threads(program)
        lanes = threads if program.replicas == 1 else 1
        begun = time.perf_counter()
        check_program(program)
        check_probes(program, probes)
        settled, places = settle(separated(program))
        recorded = {probe.source for probe in probes}
        layout = Layout(settled, places, np.dtype(options.dtype), lanes, recorded)
        generated = make_module(settled, probes, layout)
        module = load("program", generated.text)
        built = time.perf_counter()
        runner = NumbaRunner(settled, probes, layout, generated, module, min(threads, max(lanes, program.replicas)))
        runner.compile()
        runner.times = {"layout_s": built - begun, "compile_s": time.perf_counter() - built}
        return runner


def sensible_threads(program: Program) -> int:
    """As many threads as the work of a step keeps busy, at most one per core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if program.replicas > 1:
        return min(cores, program.replicas)
    # about a nanosecond per neuron; a few spikes per second and neuron along all their edges, a nanosecond each
    neurons = sum(s.size for s in program.spaces.values())
    along = {op.edges for op in program.operations if isinstance(op, Propagate)}
    edges = sum(program.edges[name].size for name in along)
    work = neurons + 5.0 * program.dt * 1e-3 * edges
    return max(1, min(cores, int(work / WORK_PER_THREAD) + 1))
