"""Edges drawn on the device are those that the host draws, and the host holds none of them."""

from typing import Any

import numpy as np
import nvrtc
import pytest
from programs import sending

from neurosim import Network, Neurons, Simulation
from neurosim.backends.cupy import connect
from neurosim.backends.cupy.backend import check_fits, laid_out
from neurosim.backends.cupy.cuda import OPTIONS
from neurosim.backends.cupy.host import HostDevice, find_compiler
from neurosim.backends.cupy.layout import Layout
from neurosim.backends.numba.index import chunk_bounds, columns
from neurosim.connectivity import (
    AllToAll,
    Bernoulli,
    Exponential,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    LogNormal,
    Normal,
    OneToOne,
    Rounded,
    Uniform,
    draw,
)
from neurosim.connectivity.drawing import pending
from neurosim.connectivity.edge_values import drawn_values, value_recipe
from neurosim.connectivity.pending import PendingEdges
from neurosim.errors import MemoryForeseenError
from neurosim.program import Buffer, Builder, EdgeSpace, MapEdges, Program, Propagate, Ref
from neurosim.program.redrawn import RedrawnValues

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler on this machine")

ALONE: dict[str, Any] = {"self_connections": False}
RULES = [
    AllToAll(), AllToAll(**ALONE), OneToOne(), Bernoulli(0.07), Bernoulli(0.6, **ALONE), Bernoulli(1.0, **ALONE),
    FixedOutDegree(9), FixedOutDegree(9, multiple=False, **ALONE), FixedOutDegree(130, multiple=False),
    FixedOutDegree(149, multiple=False, **ALONE), FixedTotal(1700, **ALONE), FixedTotal(1700, multiple=False),
    FixedTotal(20_000, multiple=False, **ALONE), FixedInDegree(9, **ALONE), FixedInDegree(9, multiple=False),
    FixedInDegree(130, multiple=False, **ALONE),
]  # fmt: skip
DELAYS = [3, Normal(6.0, 4.0, low=1.0), Exponential(40.0)]
VALUES = [Normal(1.0, 0.5, low=0.2), Rounded(Normal(1.0, 0.5), 1e-3), LogNormal(0.3, 0.3),
          LogNormal(0.3, 0.8, high=5.0),
          Uniform(-1.0, 3.0), Exponential(2.0, low=1.0, high=7.0), Exponential(2.0)]


def said(rule: Any, delay: Any, sources: int = 150, targets: int = 150) -> dict[str, Any]:
    """What is drawn; populations of one size are one."""
    return {"rule": rule, "sources": sources, "targets": targets, "same": sources == targets, "seed": 2**40 + 7,
            "stream": 11, "delay": delay}


def program_of(edges: PendingEdges, weight: Any = 1.0, replicas: int = 1) -> Program:
    """Edges along which spikes are sent, and which a spike of their target reaches too."""
    builder = Builder(dt=1.0, replicas=replicas)
    sending(builder, "a", edges.sources, [])
    sending(builder, "b", edges.targets, []).state("g", 0.0)
    builder.add_edges(EdgeSpace("join", "a", "b", None, pending=edges))
    builder.add_buffer(Buffer(name="join.w", space="join", kind="state", initial=weight))
    refs = {"w": Ref("join.w", "edge")}
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="b.g", value="w", names=refs))
    builder.add("plastic", MapEdges(edges="join", at="target", events="b.spikes", body=(), names=refs))
    return builder.finish()


def on_device(layout: Layout, threads: int = 1) -> dict[str, np.ndarray]:
    """The arrays of a layout once everything is drawn."""
    device = HostDevice(threads)
    arrays = {at: device.allocate(stored) for at, stored in layout.arrays.items()}
    connect.draw_on(layout, device, arrays)
    return arrays


def assert_drawn(asked: dict[str, Any], threads: int = 1) -> None:
    """The device draws what the host draws."""
    waiting, expected = pending(**asked), draw(**asked)
    assert waiting is not None and expected.count > 0
    arrays = on_device(laid_out(program_of(waiting), [], "float32"), threads)
    whole = np.array([0, expected.targets])
    np.testing.assert_array_equal(arrays["first_join"], expected.first)
    np.testing.assert_array_equal(arrays["target_join"], expected.target)
    np.testing.assert_array_equal(arrays["delays_join"], np.unique(expected.delay))
    np.testing.assert_array_equal(arrays["bounds_join"], chunk_bounds(expected, np.unique(expected.delay), whole))
    for kind, values in zip(("colfirst", "coledge", "colsource"), columns(expected), strict=True):
        np.testing.assert_array_equal(arrays[f"{kind}_join"], values)


@needs_compiler
@pytest.mark.parametrize("delay", DELAYS, ids=["one", "few", "many"])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_device_draws_the_edges_of_the_host(rule, delay):
    assert_drawn(said(rule, delay))


@needs_compiler
@pytest.mark.parametrize("rule", [Bernoulli(0.1), FixedTotal(900), FixedOutDegree(60, multiple=False),
                                  FixedInDegree(9, multiple=False)], ids=repr)
def test_threads_of_a_block_draw_the_same_edges(rule):
    assert_drawn(said(rule, DELAYS[1], sources=12, targets=100), threads=5)


@needs_compiler
@pytest.mark.parametrize("rule", [AllToAll(), FixedOutDegree(connect.NEAR + 5), FixedInDegree(2)], ids=repr)
def test_rows_too_long_for_the_memory_of_a_block_are_sorted_too(rule):
    assert_drawn(said(rule, DELAYS[1], sources=2, targets=connect.NEAR + 300))


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_along_edges_are_those_of_the_host_in_every_replica(dtype):
    waiting = pending(**said(FixedTotal(3000), 1))
    for given in VALUES:
        numbers = drawn_values(given, 3000, seed=5, stream=6, dtype=np.float32)
        recipe = value_recipe(given, seed=5, stream=6)
        assert recipe is not None and np.abs(numbers).max() <= recipe.bound < 20 * np.abs(numbers).max()
        weight = RedrawnValues(fail, 3000, np.float32, recipe=recipe)
        found = on_device(laid_out(program_of(waiting, weight, replicas=2), [], dtype))["a_join_pw"]
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, np.broadcast_to(numbers, (2, 3000)))


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_number_along_edges_is_set_where_they_are_drawn(dtype):
    layout = laid_out(program_of(pending(**said(FixedTotal(3000), 1)), 0.1, replicas=2), [], dtype)
    assert layout.arrays["a_join_pw"].values is None
    found = on_device(layout)["a_join_pw"]
    np.testing.assert_array_equal(found, np.full((2, 3000), 0.1, dtype))


def fail(*_: Any, **__: Any) -> Any:
    raise AssertionError("the host draws edges or their numbers")


def network() -> Network:
    """Two populations with all ways along edges: sent at once, plastic, and coupled."""
    made, cell = Network(), "dv/dt = (drive - v) / tau : 1\ndrive : 1\nsum : 1"
    for name, size in (("a", 60), ("b", 90)):
        made.add(name, Neurons(size, cell, threshold="v > 1", reset="v = 0", tau=10.0, initial={"v": "rand()",
                                                                                              "drive": 1.3}))
    made.connect("a", "b", Bernoulli(0.3), on_pre="v += w", w=Normal(0.02, 0.01), delay=Normal(1.0, 0.5), name="sent")
    made.connect("b", "a", FixedInDegree(9), model="w : 1", on_pre="v += w", on_post="w = 0.9*w", delay=0.5,
                 initial={"w": LogNormal(-4.0, 0.5)}, name="plastic")
    made.connect("b", "b", FixedTotal(400, multiple=False), couple="sum = w * (v_pre - v_post)", w=Uniform(0.0, 0.1),
                 name="coupled")
    return made


def fired(backend: str, dtype: str) -> list[np.ndarray]:
    """Steps and indices of all spikes, and what has become of the weights."""
    run = Simulation(network(), dt=0.1, backend=backend, seed=4, dtype=dtype, progress=False,
                     record=["a.spikes", "b.spikes"])
    recording = run.run(30.0)
    spikes = [recording[f"{name}.spikes"] for name in "ab"]
    return [*(s.steps for s in spikes), *(s.indices for s in spikes), run.get("plastic.w"), run.get("b.sum")]


@needs_compiler
def test_a_network_of_edges_drawn_on_the_device_fires_as_one_drawn_on_the_host(monkeypatch):
    expected = fired("reference", "float64")
    assert expected[0].size > 100 and expected[1].size > 100
    for place in ("program.buffers", "network.edge_numbers", "network.memory"):
        monkeypatch.setattr(f"neurosim.{place}.MANY", 0)
    monkeypatch.setenv("NEUROSIM_CUDA_LOADER", "host")
    monkeypatch.setattr(PendingEdges, "draw", fail)
    monkeypatch.setattr("neurosim.network.edge_numbers.drawn_values", fail)
    for ours, theirs in zip(fired("cupy", "float64"), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert fired("cupy", "float32")[0].size > 100


def laid_for(asked: dict[str, Any]) -> Layout:
    waiting = pending(**asked)
    assert waiting is not None
    return laid_out(program_of(waiting), [], "float32")


def test_what_drawing_takes_is_foreseen_and_bounded():
    few = laid_for(said(FixedOutDegree(9, multiple=False), 1, targets=2**20))
    assert connect.working_bytes(few, busy=500) == 4 * 2**20 + 500 * 2**17  # sorting columns, and a bit for each target
    many = laid_for(said(FixedOutDegree(9, multiple=False), 1, sources=2, targets=2**30))
    assert connect.working_bytes(many, busy=500) == 4 * 2**30 + 2 * 2**27


@needs_compiler
def test_a_card_without_room_to_draw_is_refused(monkeypatch):
    layout, device = laid_for(said(FixedOutDegree(9, multiple=False), 1, targets=2**20)), HostDevice()
    left = sum(stored.nbytes for stored in layout.arrays.values())
    needed = left + connect.working_bytes(layout, device.busy)
    monkeypatch.setattr(device, "memory", lambda: (needed, needed))
    check_fits(layout, device)
    monkeypatch.setattr(device, "memory", lambda: (needed - 1, needed))
    with pytest.raises(MemoryForeseenError, match="GiB on the device"):
        check_fits(layout, device)


def test_the_host_needs_no_memory_for_edges_that_a_device_draws():
    made = network()
    made.connect("a", "b", FixedTotal(10**10), on_pre="v += w", w=Normal(0.02, 0.01), delay=1.0)
    with pytest.raises(MemoryForeseenError, match="would need"):
        made.build(dt=0.1, max_memory=10**9)
    assert made.build(dt=0.1, max_memory=10**9, held=False).edges["a_to_b"].size == 10**10


@pytest.mark.parametrize(("card", "dtype", "major"), [("sm_75", "float32", 13), ("sm_80", "float64", 13),
                                                      ("sm_100", "float32", 13), ("sm_70", "float64", 12)])
def test_the_kernels_that_draw_compile_for_every_card_and_spill_no_registers(card, dtype, major):
    nvrtc.needed(major)
    waiting = pending(**said(FixedTotal(300), DELAYS[1], targets=100_000))
    assert waiting is not None
    layout = laid_out(program_of(waiting), [], dtype)
    used = nvrtc.compiled(connect.connect_text(layout), card, OPTIONS, major)
    assert used.keys() == connect.connect_parameters().keys()
    for name, needs in used.items():
        assert needs.registers <= 128 and needs.spilled == 0, (name, needs)


def test_the_text_that_draws_shares_its_numbers_with_what_launches_it():
    assert f"#define NEAR {connect.NEAR} " in connect.connect_text(laid_for(said(OneToOne(), 1)))


