"""From a program to a runner."""

from collections.abc import Sequence

from ...errors import BackendError, listing
from ...program import Probe, Program, Propagate, Sweep, check_probes, check_program
from ..base import Backend, Options
from .memory import cores
from .runner import NumbaRunner

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
        check_program(program)
        check_probes(program, probes)
        return NumbaRunner(program, probes, options.dtype, options.threads or sensible_threads(program))


def sensible_threads(program: Program) -> int:
    """As many threads as the work of a step keeps busy, at most one per core."""
    if program.replicas > 1:
        return min(cores(), program.replicas)
    # about a nanosecond per neuron; a few spikes per second and neuron along all their edges, a nanosecond each
    stored = {program.buffers[op.patterns].space for op in program.operations if isinstance(op, Sweep)}
    stored |= {b.space for b in program.buffers.values() if b.dtype == "bit"}  # 64 to a word
    neurons = sum(s.size for s in program.spaces.values() if s.name not in stored)  # a sweep is one thread's
    along = {op.edges for op in program.operations if isinstance(op, Propagate)}
    edges = sum(program.edges[name].size for name in along)
    work = neurons + 5.0 * program.dt * 1e-3 * edges
    return max(1, min(cores(), int(work / WORK_PER_THREAD) + 1))
