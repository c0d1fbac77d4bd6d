"""Measure neurosim on an NVIDIA GPU: spiking networks, how large they can be, and iterations of training.

    python benchmarks/gpu.py gpu-microcircuit gpu-train --sums fixed,fast --loops graph,grid --json gpu.json

Where there is no GPU it says so and ends with status 2. With ``NEUROSIM_CUDA_LOADER=host`` the rows run on the
processor through the host compiler: good for a look at whether they work, and no measurement.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Simulation, __version__
from neurosim.backends import available
from neurosim.backends.cupy.backend import LOOPS, SUMS
from neurosim.connectivity import FixedInDegree
from neurosim.gradients import Scan, Unrolling
from neurosim.models import potjans_diesmann_2014
from neurosim.training import Trainable

DT = 0.1
TRAINED = {"gpu-train": ((700, 256, 256, 20), 100, 128), "gpu-train-recurrent": ((700, 256, 20), 250, 64)}
"""Sizes of layers, steps, copies."""
ROWS = ("gpu-microcircuit", "gpu-brunel", "gpu-ensemble", "gpu-size", *TRAINED)
ENSEMBLE = 1000, 1000
"""Replicas, and neurons of each."""
CELL = "dv/dt = -v / tau_m : mV (unless refractory)"


def brunel(neurons: int, indegree: int) -> Network:
    """Brunel's network in its asynchronous irregular state, of any size with the same number of inputs."""
    net, n_exc = Network(), neurons * 4 // 5
    weight = 0.1 * 1000 / indegree  # the same input from a thousand synapses as from any other number
    for name, size in {"exc": n_exc, "inh": neurons - n_exc}.items():
        net.add(name, Neurons(size, CELL, threshold="v > 20", reset="v = 10", refractory=2.0, tau_m=20.0,
                              initial={"v": "10 + 10 * rand()"}))
        net.drive(name, "v += w", rate=2 * 20.0 / (weight * 20.0e-3) / 1000, count=1000, w=weight)
    everyone = ["exc", "inh"]
    net.connect("exc", everyone, FixedInDegree(indegree * 4 // 5), on_pre="v += w", w=weight, delay=1.5)
    net.connect("inh", everyone, FixedInDegree(indegree // 5), on_pre="v += w", w=-5.0 * weight, delay=1.5)
    return net


def prepared(net: Network, asked: argparse.Namespace, tool: str, record: Any = None) -> tuple[Simulation, float]:
    """A simulation with ``tool`` (see ``tools``) and the seconds it took to make ready."""
    if tool != "numba":
        os.environ["NEUROSIM_CUDA_SUMS"], os.environ["NEUROSIM_CUDA_LOOP"] = tool.split()
    begun = time.perf_counter()
    session = Simulation(net, dt=DT, seed=asked.seed, backend="numba" if tool == "numba" else "cupy", record=record,
                         replicas=asked.replicas, progress=False)
    return session, time.perf_counter() - begun


def tools(asked: argparse.Namespace) -> list[str]:
    """A way of adding with a loop for each, ``"fixed graph"``, and ``numba`` where it is asked for."""
    return [*(f"{sums} {loop}" for sums in asked.sums for loop in asked.loops), *(["numba"] * asked.beside_numba)]


def spiking(row: str, net: Network, tool: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Wall seconds per model second, after a warm-up; the clock stops when the device is done."""
    session, ready = prepared(net, asked, tool)
    session.run(asked.warm_up)
    spent = []
    for _ in range(asked.repeat):
        begun = time.perf_counter()
        session.run(asked.duration)
        spent.append((time.perf_counter() - begun) / (asked.duration / 1000.0))
    info = session.info()
    return record(row, tool, info, build_s=ready - info["compile_s"], compile_s=info["compile_s"],
                  simulate_s=statistics.median(spent), rate_hz=rate(net, tool, asked))


def rate(net: Network, tool: str, asked: argparse.Namespace) -> float:
    """Mean rate of all neurons in a short run of its own, Hz; recording is no part of what is timed."""
    session, _ = prepared(net, asked, tool, "spikes")
    recording = session.run(asked.warm_up)
    neurons = sum(session.program.spaces[name].size for name in net.parts)
    return sum(recording[key].count for key in recording) / neurons / asked.replicas / (asked.warm_up / 1000.0)


def size(asked: argparse.Namespace) -> dict[str, Any]:
    """How many synapses of a microcircuit fit, from the bytes that a small one takes on the device."""
    from neurosim.backends.cupy.backend import default_device, laid_out

    takes = []
    for scale in (0.02, 0.04):  # fewer neurons with as many synapses each: rows are as long as in the full model
        net = potjans_diesmann_2014.build(neurons_scale=scale, indegree_scale=1.0)
        program = net.build(dt=DT, seed=asked.seed)
        layout = laid_out(program, [], "float32", "fixed")
        edges = sum(space.size for space in program.edges.values())
        takes.append((edges, sum(stored.nbytes for stored in layout.arrays.values())))
    (few, small), (many, large) = takes
    free, there = default_device().memory()
    each = (large - small) / (many - few)
    return record("gpu-size", "fixed", {"device": f"{there / 2**30:.0f} GiB"}, bytes_per_synapse=each,
                  synapses=free / each)


def layers(row: str) -> tuple[Scan, dict[str, np.ndarray]]:
    """Layers of leaky neurons that a threshold resets, and random weights; in one row the hidden layer is recurrent."""
    sizes, rng = TRAINED[row][0], np.random.default_rng(1)
    names = [f"layer{k}" for k in range(len(sizes))]
    net = Unrolling(dict(zip(names, sizes, strict=True)))
    net.input("x", names[0], binary=True)
    weights = {}
    source = "x"
    for k, (rows, space) in enumerate(zip(names, names[1:], strict=False)):
        net.parameter(f"w{k}", space, rows=rows)
        weights[f"w{k}"] = rng.normal(0.0, 2.0 / np.sqrt(sizes[k]), sizes[k : k + 2])
        net.state(f"u{k}", space)
        net.product(source, f"w{k}", f"i{k}")
        arriving = f"i{k}"
        if row == "gpu-train-recurrent" and not k:
            net.parameter("r", space, rows=space)
            weights["r"] = rng.normal(0.0, 0.5 / np.sqrt(sizes[1]), (sizes[1], sizes[1]))
            net.state("s0", space, binary=True)
            net.product("s0", "r", "j")
            arriving += " + j"
        body = f"u{k} = 0.9*u{k} + {arriving} - stop(H(u{k} - 1)); s{k} = H(u{k} - 1)"
        net.step(space, body, surrogate="fast_sigmoid")
        source = f"s{k}"
    return net.finish([source]), weights


def training(row: str, tool: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Seconds of an iteration: all steps forwards and all gradients of the weights; on a GPU everything stays there."""
    scan, weights = layers(row)
    _, steps, copies = TRAINED[row]
    copies = max(round(copies * asked.scale), 1)
    x = np.random.default_rng(asked.seed).random((steps, copies, scan.size("x"))) < 0.03
    arrays = [{"x": x.astype(np.float32)}, {n: w.astype(np.float32) for n, w in weights.items()}]
    seeds = {scan.outputs[0]: np.ones((1, copies, scan.size(scan.outputs[0])), np.float32)}
    wait: Callable[[], Any] = lambda: None  # noqa: E731
    if tool == "cupy" and os.environ.get("NEUROSIM_CUDA_LOADER") != "host":
        import cupy

        arrays = [{n: cupy.asarray(a) for n, a in part.items()} for part in arrays]
        seeds = {n: cupy.asarray(a) for n, a in seeds.items()}
        wait = cupy.cuda.get_current_stream().synchronize
    begun = time.perf_counter()
    trainable = Trainable(scan, weights, backend=tool)
    spent = []
    for _ in range(asked.repeat + 1):
        trainable.backward(trainable.forward(*arrays), seeds)
        wait()
        spent.append(time.perf_counter() - begun)
        begun = time.perf_counter()
    return record(row, tool, {}, build_s=spent[0], iteration_s=statistics.median(spent[1:]))


def record(row: str, tool: str, info: dict[str, Any], **numbers: float) -> dict[str, Any]:
    """One line of JSON."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return {"row": row, "tool": f"neurosim {tool}", "version": __version__, "threads": info.get("threads", 1),
            "dtype": "float32", "device": info.get("device", ""), "launches_per_step": info.get("launches per step"),
            "rss_mib": peak, "ratio": None, **numbers}  # fmt: skip


def measured(asked: argparse.Namespace, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """The records of all rows asked for."""
    networks: dict[str, Callable[[], Network]] = {
        "gpu-microcircuit": lambda: potjans_diesmann_2014.build(scale=asked.scale),
        "gpu-brunel": lambda: brunel(round(1_000_000 * asked.scale), max(round(1000 * min(1.0, 10 * asked.scale)), 5)),
        "gpu-ensemble": lambda: brunel(ENSEMBLE[1], 100),
    }
    for row in dict.fromkeys(asked.rows):
        if row == "gpu-size":
            yield size(asked)
            continue
        if row in TRAINED:
            for tool in ("cupy", *(["numba"] if asked.beside_numba else [])):
                say(f"{row}, {tool} ...")
                yield training(row, tool, asked)
            continue
        found = []
        asked.replicas = max(round(ENSEMBLE[0] * asked.scale), 1) if row == "gpu-ensemble" else 1
        for tool in tools(asked):
            say(f"{row}, {tool} ...")
            found.append(spiking(row, networks[row](), tool, asked))
        fastest = min(one["simulate_s"] for one in found[: len(found) - asked.beside_numba])
        yield from (one | {"ratio": one["simulate_s"] / fastest} for one in found)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="+", metavar="ROW", choices=ROWS, help=", ".join(ROWS))
    parser.add_argument("--sums", type=lambda text: text.split(","), default=["fixed", "fast"], help=", ".join(SUMS))
    parser.add_argument("--loops", type=lambda text: text.split(","), default=["graph", "grid"], help=", ".join(LOOPS))
    parser.add_argument("--scale", type=float, default=1.0, help="of the networks, in (0, 1]")
    parser.add_argument("--duration", type=float, default=1000.0, help="timed model time of each round, ms")
    parser.add_argument("--warm-up", type=float, default=500.0, help="model time before, ms")
    parser.add_argument("--repeat", type=int, default=5, help="rounds; the median is of these")
    parser.add_argument("--beside-numba", action="store_true", help="measure the processor too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="file for the records")
    asked = parser.parse_args(arguments)
    if not set(asked.sums) <= set(SUMS):
        parser.error(f"--sums must be of {', '.join(SUMS)}, got {','.join(asked.sums)}")
    if not set(asked.loops) <= set(LOOPS):
        parser.error(f"--loops must be of {', '.join(LOOPS)}, got {','.join(asked.loops)}")
    if not 0.0 < asked.scale <= 1.0 or asked.repeat < 1:
        parser.error("--scale must be in (0, 1] and --repeat at least 1")
    return asked


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a line for each record, write JSON; status 2 where there is no GPU."""
    asked = parse(arguments)
    reason = available("cupy")
    if reason is not None:
        print(f"there is no GPU to measure on: {reason}", file=sys.stderr)
        return 2
    if os.environ.get("NEUROSIM_CUDA_LOADER") == "host":
        print("this runs on the processor: no measurement of a GPU", file=sys.stderr)
    found = []
    for one in measured(asked, lambda text: print(text, file=sys.stderr)):
        found.append(one)
        print("  ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                        for key, value in one.items() if value is not None))  # fmt: skip
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
