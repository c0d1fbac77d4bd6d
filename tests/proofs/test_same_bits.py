"""The same bits for any number of threads, any chunks, and any restart, also in another process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from lively import RECORD, TOTAL, lively, results

import neurosim
from neurosim import Network, Simulation
from neurosim.backends import available

HERE = Path(__file__).parent
CUTS = (0.1, 0.7, 3.3, 50.0, 77.7, 120.0, 48.2)
"""Seven chunks that make up the whole, ms."""


@pytest.fixture(autouse=True, scope="module")
def needs_numba():
    if available("numba") is not None:
        pytest.skip(available("numba"))


def session(threads=1, replicas=1, **more):
    return Simulation(
        lively(), seed=5, record=RECORD, threads=threads, replicas=replicas, progress=False, **more
    )


@pytest.fixture(scope="module")
def whole():
    """Everything of an undivided run with one thread, made once per number of replicas."""
    made = {}

    def get(replicas):
        if replicas not in made:
            run = session(replicas=replicas)
            made[replicas] = results(run, run.run(TOTAL))
            assert made[replicas]["exc.spikes steps"].size > 1000 * replicas
            assert made[replicas]["inh.spikes steps"].size > 500 * replicas
        return made[replicas]

    return get


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    different = [name for name in expected if not np.array_equal(found[name], expected[name])]
    assert not different, f"these differ: {', '.join(different)}"


def python(*arguments):
    """Run Python in another process; what it prints last is JSON."""
    root = str(Path(neurosim.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([root, str(HERE)])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.numba
@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(whole, threads, replicas):
    run = session(threads, replicas)
    assert_same(results(run, run.run(TOTAL)), whole(replicas))
    assert run.info()["threads"] == threads


@pytest.mark.parametrize(("threads", "replicas"), [(1, 1), (3, 1), (2, 3)])
def test_seven_chunks_give_the_same_bits_as_the_whole(whole, threads, replicas):
    run = session(threads, replicas)
    for duration in CUTS:
        recording = run.run(duration)
    assert run.time == TOTAL
    assert_same(results(run, recording), whole(replicas))


@pytest.mark.numba
@pytest.mark.parametrize(("threads", "replicas"), [(1, 1), (3, 1), (2, 3)])
def test_a_run_taken_up_by_another_process_gives_the_same_bits(whole, tmp_path, threads, replicas):
    at = 123.4  # spikes are in flight, neurons refractory, traces of the plastic edges not brought up to date
    first = session(threads=4 - threads, replicas=replicas)
    begun = results(first, first.run(at))
    first.save(tmp_path / "state")
    said = python(HERE / "lively.py", tmp_path / "state", TOTAL, threads, tmp_path / "rest.npz")
    assert said == {"cached": True, "threads": threads}
    with np.load(tmp_path / "rest.npz") as file:
        rest = dict(file)
    joined = {
        name: rest[name] if name.startswith("state ") else np.concatenate([begun[name], rest[name]])
        for name in rest
    }
    assert_same(joined, whole(replicas))


def test_the_first_of_several_replicas_is_the_single_run(whole):
    one, three = whole(1), whole(3)
    first = three["exc.spikes replicas"] == 0
    assert np.array_equal(three["exc.spikes steps"][first], one["exc.spikes steps"])
    assert np.array_equal(three["exc.spikes indices"][first], one["exc.spikes indices"])
    assert np.array_equal(three["exc.v values"][:, 0], one["exc.v values"])
    assert not np.array_equal(three["exc.v values"][:, 0], three["exc.v values"][:, 1])


def test_a_seed_repeats_a_run_and_another_seed_does_not(whole):
    again = session()
    assert_same(results(again, again.run(TOTAL)), whole(1))
    other = Simulation(lively(), seed=6, record=RECORD, threads=1, progress=False)
    assert not np.array_equal(other.run(TOTAL)["exc.v"].values, whole(1)["exc.v values"])


def test_a_saved_run_that_goes_on_and_one_that_is_loaded_here_agree(tmp_path):
    first = session(threads=2)
    first.run(100.0)
    first.save(tmp_path / "state")
    on = results(first, first.run(50.0))
    loaded = Simulation.load(tmp_path / "state", lively(), record=RECORD, threads=1, progress=False)
    assert loaded.time == 100.0
    after = results(loaded, loaded.run(50.0))
    for name, values in after.items():
        if name.startswith("state "):
            assert np.array_equal(values, on[name]), name
    late = on["exc.spikes steps"] >= 1000
    assert late.sum() > 100
    assert np.array_equal(after["exc.spikes indices"], on["exc.spikes indices"][late])
    loaded.save(tmp_path / "again")
    first.save(tmp_path / "state")
    with np.load(tmp_path / "again") as one, np.load(tmp_path / "state") as other:
        assert one.files == other.files
        assert all(np.array_equal(one[name], other[name]) for name in one.files)


START = """
import json
from neurosim import LIF, Network, Simulation
from neurosim.connectivity import Bernoulli
net = Network({{"cell": LIF({size}, i=30.0, tau={tau})}})
net.connect("cell", "cell", Bernoulli(0.1), on_pre="v += w", w=0.1, delay={delay})
run = Simulation(net, seed={seed}, record=["cell.spikes"], progress=False)
print(json.dumps({{"cached": run.info()["cached"], "spikes": len(run.run(200.0)["cell.spikes"])}}))
"""


def test_a_second_process_and_other_numbers_compile_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(tmp_path))
    numbers = {"size": 40, "tau": 20.0, "delay": 1.0, "seed": 1}
    first = python("-c", START.format(**numbers))
    assert first["cached"] is False and first["spikes"] > 0
    files = sorted(path.name for path in tmp_path.rglob("*"))
    assert python("-c", START.format(**numbers)) == {**first, "cached": True}
    other = python("-c", START.format(**{**numbers, "size": 70, "tau": 15.0, "delay": 2.5, "seed": 2}))
    assert other["cached"] is True and other["spikes"] != first["spikes"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == files


def test_a_network_of_plain_data_gives_the_same_bits(whole):
    run = Simulation(Network.from_yaml(lively().to_yaml()), seed=5, record=RECORD, threads=1, progress=False)
    assert_same(results(run, run.run(TOTAL)), whole(1))
