"""Simulations: one shot, or a session that runs on."""

import time
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from .._version import __version__
from ..backends import Options, Runner, backend
from ..errors import CheckpointError, DescriptionError, NetworkError, listing, nearest
from ..network import Network
from ..network.rates import Rate, rates_of, spread
from ..program import Buffer, Play, Program
from ..recording import Recorder, Recording
from ..recording.clock import whole_steps
from ..units import FREQUENCY, TIME, display_unit, to_internal
from .checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from .finite import FiniteCheck
from .interrupt import Interrupt
from .options import DEFAULTS, RunOptions, checked_options, checked_path, shows_options
from .progress import Bar, make_progress
from .requests import observed, resolve


class Interrupted(UserWarning):
    """A run was stopped by Ctrl-C; what was recorded until then is kept."""


class Simulation:
    """A network that runs, can be looked at and changed, saved, and run on. See ``simulate``.

    Parameters
    ----------
    network, **options
        As for ``simulate``.

    Examples
    --------
    >>> from neurosim import LIF, Network, Simulation
    >>> session = Simulation(Network({"cell": LIF(2, i=30.0)}), backend="reference", record=["cell.spikes"])
    >>> recording = session.run(100.0)
    >>> session.set("cell.drive", 0.0)
    >>> recording = session.run(50.0)
    >>> session.time
    150.0
    """

    @shows_options
    def __init__(self, network: Network, *, _start: Checkpoint | None = None, **options: Unpack[RunOptions]):
        if not isinstance(network, Network):
            raise NetworkError(f"network must be a Network, got {network!r:.80}")
        chosen = checked_options(options)
        backend, dtype, seed = chosen["backend"], chosen["dtype"], chosen["seed"]
        self.network, self._dtype, self._progress = network, dtype, chosen["progress"]
        self._description = network.to_dict()
        begun = time.perf_counter()
        held = not _draws_edges(backend)
        self._observed = observed(chosen["record"], network.parts)
        self._program = network.build(
            dt=chosen["dt"], seed=seed, replicas=chosen["replicas"], held=held, observed=self._observed
        )
        self._rewiring = network.rewiring(self._program)
        self._rates = rates_of(network, self._program.dt)
        state = {} if _start is None else dict(_start.state)
        if _start is not None:
            each = [rate for rate in self._rates.values() if np.ndim(state.get(rate.buffer, 0.0))]
            self._program = self._rewiring.take_up(spread(self._program, each), state)
        observable = [f"{name}.{one}" for name, part in network.parts.items() for one in part.observable]
        probes, channels = resolve(chosen["record"], self._program, observable)
        self._rewiring.check_recorded([probe.source for probe in probes], self._program)
        manner = Options(dtype=dtype, threads=chosen["threads"])
        self._prepare = partial(_prepared, backend, probes=probes, options=manner)
        self._runner = self._prepare(self._program)
        self._written: set[str] = set()
        if _start is not None:
            state |= {name: self._runner.read(name) for name in self._observed}  # calculated anew before it is recorded
            self._runner.restore(_start.step, state)
            written = {name for name in state if name in self._program.buffers}
            self._written = {name for name in written if self._program.buffers[name].kind == "parameter"}
        # the reference calculates in float64 whatever was asked for; a GPU may add in any order
        how = {key: value for key, value in self._runner.info().items() if key in ("dtype", "sums")}
        self._recorder = Recorder(
            channels,
            dt=self._program.dt,
            start_step=self._runner.step,
            memory_limit=chosen["memory_limit"],
            path=chosen["path"],
            overwrite=chosen["overwrite"],
            metadata={"backend": backend, "dtype": dtype, "seed": int(seed), "version": __version__, **how},
        )
        self._finite = FiniteCheck(self._program, self._runner)
        self._over = ""
        self._seconds = {"prepared in (s)": time.perf_counter() - begun, "ran for (s)": 0.0}

    @property
    def time(self) -> float:
        """Model time reached, ms."""
        return round(self._runner.step * self._program.dt, 9)

    @property
    def program(self) -> Program:
        """What the network was built into."""
        return self._program

    def run(self, duration: Any) -> Recording:
        """Run on for ``duration`` ms (a multiple of dt) and give everything recorded so far.

        Ctrl-C ends the run after the chunk that it falls into, with a warning ``Interrupted``; the state is
        whole, the recording holds what was caught (its ``finished`` is False), and the session can run on.

        Raises
        ------
        NonFiniteError
            When a state variable becomes infinite or not a number; its ``recording`` is what there was.
        """
        if self._over:
            raise DescriptionError(f"this simulation cannot run on: {self._over}")
        steps = whole_steps("duration", to_internal(duration, TIME, "duration"), self._program.dt)
        start = self._runner.step
        self._advance(start, start + steps)
        whole = self._runner.step == start + steps
        if not whole:
            warnings.warn(f"stopped by Ctrl-C at {self.time:g} ms", Interrupted, stacklevel=2)
        return self._recorder.snapshot(self._runner.step, finished=whole)

    def finish(self, finished: bool = True) -> Recording:
        """Close the recording, also that on disk, and give it; the simulation cannot run on afterwards."""
        self._over = self._over or "its recording is closed"
        return self._recorder.finish(self._runner.step, finished)

    def get(self, name: str) -> Any:
        """A variable such as ``exc.v`` in the unit in which it is shown: a number, (N,), or (B, N)."""
        if name in self._rates and name not in self._program.buffers:
            rate = self._rates[name]
            return self._runner.read(rate.buffer) / (rate.scale * display_unit(FREQUENCY).factor)
        buffer = self._buffer(name)
        factor = display_unit(buffer.dimension).factor
        values = self._runner.read(name)
        return values if factor == 1.0 or buffer.dtype != "float" else values / factor

    def set(self, name: str, values: Any) -> None:
        """Set a variable from a number, (N,) values, or a quantity; plain numbers are in the unit of ``get``.

        The rate of a drive, ``"exc_drive.rate"``, and those of a Poisson part, ``"stimulus.rates"``, can be set to a
        number or (N,), Hz, where they were described by such. Other constants of parts cannot be set: solvers have
        already computed with them.
        """
        if name in self._rates:
            self._set_rate(self._rates[name], values)
            return
        buffer = self._buffer(name)
        part = name.partition(".")[0]
        if buffer.kind == "parameter" and part in self.network.parts:
            raise NetworkError(
                f"{name} is a constant of {part!r}; give the part another value and build it anew"
            )
        if any(isinstance(op, Play) and op.into == name for op in self._program.operations):
            raise NetworkError(f"{name} is read from its TimedArray at every step; what is set would be lost")
        self._runner.write(name, to_internal(values, buffer.dimension, name))
        self._written.add(name)

    def _set_rate(self, rate: Rate, values: Any) -> None:
        """Set a rate; one for each neuron where there was one for all needs another program."""
        kept = rate.taken(values, self._program.dt)
        if kept.ndim and self._program.buffers[rate.buffer].space is None:
            self._go_on(spread(self._program, [rate]), self._runner.state())
        self._runner.write(rate.buffer, kept)
        self._written.add(rate.buffer)

    def save(self, file: str | Path) -> None:
        """Save everything that the further run depends on; ``load`` goes on to the same bits.

        Raises
        ------
        CheckpointError
            When the file cannot be written; what was there before is untouched.
        """
        place = _checked_file(file)
        program = self._program
        state = self._runner.state() | self._rewiring.saved(program, self._runner.read)
        state = {name: values for name, values in state.items() if name not in self._observed}
        write_checkpoint(
            place,
            Checkpoint(
                network=self._description,
                dt=program.dt,
                seed=program.seed,
                replicas=program.replicas,
                dtype=self._dtype,
                step=self._runner.step,
                state=state | {n: self._runner.read(n) for n in self._written if n not in state},
            ),
        )

    @classmethod
    def load(cls, file: str | Path, network: Network | None = None, **options: Unpack[RunOptions]) -> "Simulation":
        """Take up a saved simulation.

        Parameters
        ----------
        file
            What ``save`` wrote.
        network
            The network it must belong to; None takes the one in the file.
        **options
            ``backend``, ``record``, ``threads``, ``progress``, ``memory_limit``, ``path``, ``overwrite`` as for
            ``simulate``; the others are those of the saved run.

        Raises
        ------
        CheckpointError
            When the file is missing, damaged, foreign, or belongs to another network.
        """
        for name in ("dt", "seed", "replicas", "dtype"):
            if name in options:
                raise CheckpointError(f"{name} is part of the checkpoint and cannot be given")
        checkpoint = read_checkpoint(_checked_file(file))
        try:
            saved = Network.from_dict(checkpoint.network)
        except DescriptionError as error:
            raise CheckpointError(f"{file} holds a network that cannot be built: {error}") from None
        if network is not None and network != saved:
            raise CheckpointError(f"{file} belongs to another network")
        whole: RunOptions = {**options, "dt": checkpoint.dt, "seed": checkpoint.seed,
                             "replicas": checkpoint.replicas, "dtype": checkpoint.dtype}
        return cls(saved, _start=checkpoint, **whole)

    def info(self) -> dict[str, Any]:
        """Backend, sizes, and seconds spent."""
        neurons = sum(space.size for space in self._program.spaces.values())
        edges = sum(space.size for space in self._program.edges.values())
        return {**self._runner.info(), "neurons": neurons, "edges": edges, **self._seconds}

    def __repr__(self) -> str:
        name = self._runner.info().get("backend", "")
        return f"Simulation(at {self.time:g} ms, dt={self._program.dt:g} ms, {name})"

    def _advance(self, start: int, stop: int) -> None:
        runner, dt = self._runner, self._program.dt
        progress, begun = make_progress(self._progress), time.perf_counter()
        total = round((stop - start) * dt, 9)
        try:
            with Interrupt() as interrupt:
                while runner.step < stop and not interrupt.asked:
                    self._finite.before()
                    runner.advance(self._rewiring.due(runner.step, stop), self._recorder)
                    if self._finite.found():
                        self._fail()
                    self._recorder.reached(runner.step)
                    if self._rewiring.is_due(runner.step):
                        runner = self._rewire()
                    if progress is not None:
                        progress(round((runner.step - start) * dt, 9), total)
        finally:
            self._seconds["ran for (s)"] += time.perf_counter() - begun
            if isinstance(progress, Bar):
                progress.close()

    def _rewire(self) -> Runner:
        """Let edges come and go; a new program has a new runner, which goes on from the same state."""
        step = self._runner.step
        found = self._rewiring.apply(self._program, step, self._runner.state())
        if found.program is self._program:
            for name in found.changed:
                self._runner.write(name, found.state[name])
            return self._runner
        self._go_on(found.program, found.state)
        return self._runner

    def _go_on(self, program: Program, state: Mapping[str, np.ndarray]) -> None:
        """Let another program run on from here."""
        step = self._runner.step
        self._program, self._runner = program, self._prepare(program)
        self._runner.restore(step, state)
        self._finite = FiniteCheck(program, self._runner)

    def _fail(self) -> None:
        step, error = self._finite.locate()
        self._over = str(error)
        error.recording = self._recorder.snapshot(step)
        raise error

    def _buffer(self, name: str) -> Buffer:
        buffers = self._program.buffers
        if not isinstance(name, str) or name not in buffers:
            known = [one for one in self._program.known if one in buffers]
            raise NetworkError(
                f"there is no variable {name!r:.80}{nearest(str(name), known)}; there are: {listing(known)}"
            )
        return buffers[name]


@shows_options
def simulate(network: Network, duration: Any, **options: Unpack[RunOptions]) -> Recording:
    """Run a network and give what was recorded.

    Parameters
    ----------
    network
        What to run.
    duration, dt
        Model time and time step, ms or quantities; the duration is a multiple of the step.
    backend
        ``numba`` (fast) or ``reference`` (plain, float64).
    seed
        Of everything drawn: edges, values and noise. The same seed gives the same numbers.
    record
        What to keep: ``"exc.spikes"``, ``"exc.v"``, ``"exc.v[:5]"``, ``"exc.v[[1, 5]]"``, a variable of edges
        such as ``"exc_to_inh.w[:3]"``; pairs ``("exc.v", 1.0)`` or a dict for samples every so many ms;
        ``"spikes"`` for all spikes; None for nothing. A sample of step k is the state at (k + 1) dt.
    dtype
        ``float32`` or ``float64``.
    threads
        Number of threads, at most four for each core and 16 anywhere; 0 chooses by the work. The result does
        not depend on it.
    replicas
        Number of copies with the same edges and own draws; replica b draws with ``seed + b``.
    progress
        True shows a bar in terminals and notebooks, False nothing; or a callable(done_ms, total_ms).
    memory_limit
        Bytes of recording to hold in memory before it goes to disk; ``auto`` is a part of what is free.
    path
        Folder to which the recording is written while the run goes on.
    overwrite
        Whether a recording that is in ``path`` already may be replaced; nothing else ever is.

    Returns
    -------
    Recording
        After Ctrl-C what was recorded until then, with ``finished`` False and a warning ``Interrupted``; a
        second Ctrl-C raises KeyboardInterrupt at once.

    Raises
    ------
    MemoryForeseenError
        When the network would not fit into memory; nothing has been allocated then.
    NonFiniteError
        When a state variable becomes infinite or not a number; its ``recording`` is what there was.
    """
    step = to_internal(options.get("dt", DEFAULTS["dt"]), TIME, "dt")
    # a wrong duration is told before the network is built; a wrong dt is told by the network
    if np.ndim(step) == 0 and step > 0:
        whole_steps("duration", to_internal(duration, TIME, "duration"), step)
    session = Simulation(network, **options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Interrupted)
        session.run(duration)
    stopped = False
    for warning in caught:
        stopped = stopped or issubclass(warning.category, Interrupted)
        warnings.warn(warning.message, warning.category, stacklevel=2)
    return session.finish(finished=not stopped)


def _checked_file(file: Any) -> Path:
    place = checked_path(file, "file")
    if place is None:
        raise DescriptionError("file must be a path, got None")
    return place


def _draws_edges(name: str) -> bool:
    return backend(name).draws_edges


def _prepared(name: str, program: Program, *, probes: Any, options: Options) -> Runner:
    try:
        return backend(name).prepare(program, probes, options)
    except KeyboardInterrupt:
        # without the hundred frames of a compiler
        raise KeyboardInterrupt("stopped by Ctrl-C while the network was compiled; nothing has run") from None
