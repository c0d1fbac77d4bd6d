"""Many astrocytes and very many tripartite synapses, in the memory that was foreseen."""

import subprocess
import sys

import pytest

CODE = """
import numpy as np
from neurosim import Network, Simulation, SpikeGenerator, Neurons
from neurosim.connectivity import Distance, FixedOutDegree
from neurosim.families.astrocytes import GapJunctions, ModulatedRelease, astrocytes, grid
from neurosim.network.memory import foreseen

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

def build(columns, degree):
    size = columns * columns
    spikes = np.arange(0, size, 10)
    net = Network({
        "source": SpikeGenerator(size, spikes, np.full(spikes.size, 1.0)),
        "target": Neurons(size, "g : 1", positions=grid(columns, columns, 50.0)),
        "astro": astrocytes(size, "network", dt=10.0, positions=grid(columns, columns, 50.0)),
    })
    net.connect("source", "target", FixedOutDegree(degree), name="synapses", glia="astro",
                **ModulatedRelease().onto("g", w=1.0))
    net.connect("astro", "astro", Distance("step", 55.0, self_connections=False), **GapJunctions().coupling())
    return net

def run(net):
    session = Simulation(net, dt=1.0, threads=2, record=(), progress=False)
    session.run(20.0)
    return session

run(build(4, 3))  # what Python, NumPy and Numba take by themselves, and compiling
before = peak()
net = build(317, 100)
session = run(net)
edges = session.program.edges
expected = sum(foreseen(net._joins, net.parts, 1).values()) / 2**20
print(edges["synapses"].size, session.program.spaces["astro"].size, edges["astro_to_astro"].size)
print(session.get("astro.Y_S").mean(), peak() - before, expected)
"""


@pytest.mark.slow
def test_ten_million_tripartite_synapses_take_the_memory_that_was_foreseen():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    sizes, numbers = done.stdout.splitlines()
    synapses, cells, gaps = map(int, sizes.split())
    assert synapses == 100 * cells and cells == 317**2 and gaps == 4 * 317 * 316
    heard, taken, expected = map(float, numbers.split())
    # a tenth of the sources fired once: each releases 0.6 of 2,500 µM, which an astrocyte sees as a mean, after decay
    assert heard == pytest.approx(0.1 * 0.6 * 2500.0 * 2.718281828 ** (-0.04 * 18), rel=0.05)
    # the arrays themselves and as much again while they are made
    assert taken < 2.0 * expected
