"""From a program to a runner on a device."""

import os
from collections.abc import Sequence

import numpy as np

from ...errors import BackendError, MemoryForeseenError, listing
from ...program import Probe, Program, check_probes, check_program
from ..base import Backend, Options
from ..numba.separate import separated
from .connect import working_bytes
from .emit_draws import poisson_tables
from .emit_maps import lay_events
from .emit_records import lay_records
from .emit_sweep import lay_sweeps
from .flights import flights, lay_flights
from .kernel import REPLICAS_MOST
from .layout import Layout
from .loader import Device
from .module import check_known, make_module
from .runner import CupyRunner

SUMS = ("exact", "fixed", "fast")
LOOPS = ("graph", "block", "grid")


class CupyBackend(Backend):
    """Runs programs on an NVIDIA GPU; see ``Options`` for the precision.

    Parameters
    ----------
    device
        Where to run; None for the GPU, or for the processor where ``NEUROSIM_CUDA_LOADER`` is ``host``.
    sums
        How contributions along edges are added. ``exact``: in the order of the reference backend. ``fixed``: in any
        order, as whole numbers, so that a run repeats to the bit all the same; where a value is not constant, as
        ``exact``. ``fast``: in any order, as floats, which the last bits show. None takes ``NEUROSIM_CUDA_SUMS``, else
        ``exact`` in float64 and ``fixed`` in float32.
    loop
        What goes from step to step. ``graph``: a launch for each operation of each step, many steps in one graph.
        ``block``: one kernel, in which one block takes a replica through all steps. ``grid``: one kernel, whose blocks
        wait for one another. None takes ``NEUROSIM_CUDA_LOOP``, else ``block`` for networks of some hundred neurons
        and ``graph`` for larger ones. The results are the same.
    """

    name = "cupy"
    draws_edges = True

    def __init__(self, device: Device | None = None, sums: str | None = None, loop: str | None = None):
        self.sums = sums or os.environ.get("NEUROSIM_CUDA_SUMS")
        self.loop = loop or os.environ.get("NEUROSIM_CUDA_LOOP")
        for field, value, known in (("sums", self.sums, SUMS), ("loop", self.loop, LOOPS)):
            if value is not None and value not in known:
                raise BackendError(f"cupy: {field} must be one of {listing(known)}, got {value!r}")
        self._device = device

    def prepare(self, program: Program, probes: Sequence[Probe], options: Options) -> CupyRunner:
        """Render, foresee the memory, compile and allocate."""
        if options.dtype not in ("float32", "float64"):
            raise BackendError(f"cupy: dtype must be one of {listing(['float32', 'float64'])}, got {options.dtype!r}")
        check_program(program)
        check_probes(program, probes)
        check_known(program.operations)
        if program.replicas > REPLICAS_MOST:
            raise BackendError(f"cupy: replicas must be at most {REPLICAS_MOST}, got {program.replicas}")
        sums = self.sums or ("exact" if options.dtype == "float64" else "fixed")
        layout = laid_out(program, probes, options.dtype, sums)
        device = self._device or default_device()
        check_fits(layout, device)
        module = make_module(probes, layout, sums, self.loop)
        return CupyRunner(layout, module, probes, device, sums)


def laid_out(program: Program, probes: Sequence[Probe], dtype: str, sums: str = "exact") -> Layout:
    """What a program needs on a device."""
    layout = Layout(separated(program), np.dtype(dtype), {probe.source for probe in probes})
    lay_events(layout)
    lay_sweeps(layout)
    lay_flights(layout, flights(layout.program, sums), sums)
    lay_records(layout, probes)
    layout.add("gates", (program.replicas,), np.uint32)
    for at, table in poisson_tables(layout, layout.initial_numbers()).items():
        layout.keep(at, table)
    return layout


def check_fits(layout: Layout, device: Device) -> None:
    """Refuse a program that will not fit into the memory of the device; nothing has been allocated there yet.

    Raises
    ------
    MemoryForeseenError
        Saying how much is needed, how much is free, what needs most, and how many replicas would fit.
    """
    needed = sum(stored.nbytes for stored in layout.arrays.values()) + working_bytes(layout, device.busy)
    free, there = device.memory()
    if needed <= free:
        return
    largest = sorted(layout.arrays.items(), key=lambda item: -item[1].nbytes)[:3]
    what = ", ".join(f"{at.partition('_')[2] or at} {stored.nbytes / 2**30:.2f}" for at, stored in largest)
    message = (f"cupy: the network needs {needed / 2**30:.2f} GiB on the device, which has {free / 2**30:.2f} of "
               f"{there / 2**30:.2f} GiB free; the largest arrays take (GiB) {what}")
    replicas = layout.program.replicas
    if replicas > 1:
        each = sum(s.nbytes for s in layout.arrays.values() if s.shape[0] == replicas) / replicas
        message += f"; at most {max(int((free - needed) / each) + replicas, 0)} of {replicas} replicas fit"
    raise MemoryForeseenError(message)


def default_device() -> Device:
    """The GPU, or the processor where ``NEUROSIM_CUDA_LOADER`` is ``host``."""
    if os.environ.get("NEUROSIM_CUDA_LOADER") == "host":
        from .host import HostDevice

        return HostDevice()
    from .cuda import CudaDevice

    return CudaDevice()
