"""Three families that are far from each other, written in operations, against direct loops in NumPy."""

from dataclasses import replace

import numpy as np
import pytest
from closed_set_programs import (
    DRAWN,
    FAIR,
    Elm,
    Leaky,
    Mac,
    backward_program,
    elm_program,
    forward_program,
    mac_program,
)
from programs import Caught, prepare, run_until

from neurosim.kernels import philox
from neurosim.program import Probe, Program

DOUBLE = {"rtol": 1e-12, "atol": 1e-12}  # some hundred roundings of 1.1e-16
SINGLE = {"rtol": 1e-4, "atol": 1e-5}  # as many of 6e-8, and sums that cancel

# all tests of a program probe the same, so that it is compiled once
ELM_SEEN = ("elm.memory.m", "elm.output.y", "elm.branch.b")
MAC_SEEN = ("cell.win", "mac.G", "cell.first")
LAYER_SEEN = ("cell.u", "cell.s")


def recorded(program: Program, backend: str, steps: int, *names: str, dtype: str = "float64") -> Caught:
    return run_until(prepare(program, backend, [Probe(n, "samples", n) for n in names], dtype), steps)


def an_elm(version: int) -> Elm:
    """Ten inputs onto 24 synapses in 6 branches; 5 memory units, 10 hidden ones, 2 outputs."""
    rng = np.random.default_rng(3)
    return Elm(
        version=version, route=rng.integers(0, 10, 24), weight=rng.uniform(0.2, 0.8, 24), branches=6, tau_b=5.0,
        tau_m=np.geomspace(1.0, 150.0, 5), gain=5.0, into_hidden=rng.normal(0.0, 0.5, (11, 10)),
        into_memory=rng.normal(0.0, 0.5, (10, 5)), into_output=rng.normal(0.0, 0.5, (5, 2)),
        bias_hidden=rng.normal(0.0, 0.2, 10), bias_memory=rng.normal(0.0, 0.2, 5),
        bias_output=rng.normal(0.0, 0.2, 2), memory=np.zeros(5),
    )


def elm_directly(elm: Elm, inputs: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Memory (T, d) and output (T, O) of the published recurrence for (T, I) inputs."""
    keep, keep_b = np.exp(-dt / elm.tau_m), np.exp(-dt / elm.tau_b)
    write = elm.gain * (1 - keep) if elm.version == 1 else 1 - np.exp(-dt * elm.gain / elm.tau_m)
    s, b, m = np.zeros(len(elm.route)), np.zeros(elm.branches), elm.memory
    memory, output = [], []
    for x in inputs:
        arriving = elm.weight * x[elm.route]
        if elm.version == 1:
            s = keep_b * s + arriving
            b = s.reshape(elm.branches, -1).sum(axis=1)
        else:
            b = keep_b * b + arriving.reshape(elm.branches, -1).sum(axis=1)
        hidden = np.maximum(np.concatenate([b, keep * m]) @ elm.into_hidden + elm.bias_hidden, 0.0)
        m = keep * m + write * 1.7159 * np.tanh(2 / 3 * (hidden @ elm.into_memory + elm.bias_memory))
        memory.append(m)
        output.append(m @ elm.into_output + elm.bias_output)
    return np.array(memory), np.array(output)


def signed_spikes(*shape: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    return rng.choice([-1.0, 0.0, 1.0], size=shape, p=[0.1, 0.7, 0.2])


def three_elms() -> tuple[Elm, np.ndarray]:
    """A cell of the second version in three copies, each with its own memory and its own 60 inputs."""
    start = np.random.default_rng(5).normal(size=(3, 5))
    return replace(an_elm(2), memory=start), signed_spikes(3, 60, 10)


def test_an_elm_cell_with_a_trace_for_each_synapse_does_what_its_equations_say():
    elm, inputs = an_elm(1), signed_spikes(60, 10)
    caught = recorded(elm_program(elm, inputs, 2.0), "reference", 60, *ELM_SEEN)
    memory, output = elm_directly(elm, inputs, 2.0)
    assert np.ptp(output) > 0.1
    np.testing.assert_allclose(caught.values("elm.memory.m"), memory, **DOUBLE)
    np.testing.assert_allclose(caught.values("elm.output.y"), output, **DOUBLE)


def test_copies_of_an_elm_cell_in_operations_do_what_its_equations_say_of_their_inputs_and_memory(backend):
    elm, inputs = three_elms()
    caught = recorded(elm_program(elm, inputs, 2.0), backend, 60, *ELM_SEEN)
    for b in range(3):
        memory, output = elm_directly(replace(elm, memory=elm.memory[b]), inputs[b], 2.0)
        assert np.ptp(output) > 0.1
        np.testing.assert_allclose(caught.values("elm.memory.m")[:, b], memory, **DOUBLE)
        np.testing.assert_allclose(caught.values("elm.output.y")[:, b], output, **DOUBLE)


def test_branch_sums_of_synaptic_traces_are_traces_of_branch_sums(backend):
    elm, inputs = three_elms()
    summed = recorded(elm_program(elm, inputs, 2.0), backend, 60, *ELM_SEEN).values("elm.branch.b")[:, 0]
    each = recorded(elm_program(an_elm(1), inputs[0], 2.0), "reference", 60, *ELM_SEEN).values("elm.branch.b")
    np.testing.assert_allclose(each, summed, **DOUBLE)


MAC = Mac(modules=9, cells=6, fewest=6.0, most=10.0)


def episodes() -> tuple[np.ndarray, np.ndarray]:
    """Frames of 8 of 40 features: one before anything is learnt, then twelve that are, then these again.

    A frame too empty to be seen stands between. The second array, (T,), is 1 where the mac learns.
    """
    rng = np.random.default_rng(6)
    shown = np.zeros((12, 40))
    for frame in shown:
        frame[rng.choice(40, 8, replace=False)] = 1.0
    nothing = np.eye(40)[:1]
    inputs = np.concatenate([shown[:1], nothing, shown, nothing, shown])
    return inputs, np.repeat([0.0, 1.0, 0.0], [2, 12, 13])


def chosen(values: np.ndarray, seed: int, stream: int, step: int) -> np.ndarray:
    """The cell drawn in each module in proportion to (Q, K) values; -1 where all are 0."""
    u = philox.uniform(seed, stream, step, np.arange(len(values)))
    below = np.cumsum(values, axis=1)
    first = (below > u[:, None] * below[:, -1:]).argmax(axis=1)
    return np.where(below[:, -1] > 0, first, -1)


def mac_directly(mac: Mac, inputs: np.ndarray, learn: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Codes and the plain greatest (T, Q), familiarity (T,), and both weights at the end, (n, Q, K), (Q, K, Q, K)."""
    q, k = mac.modules, mac.cells
    up, across = np.zeros((inputs.shape[1], q, k)), np.zeros((q, k, q, k))
    code = np.full(q, -1)
    codes, familiarity, greatest = [], [], []
    for step, x in enumerate(inputs):
        on, before = np.flatnonzero(x), [(p, c) for p, c in enumerate(code) if c >= 0]
        support = np.minimum(1.0, up[on].sum(axis=0) / max(len(on), 1))
        if before:
            support = support * sum(across[p, c] for p, c in before) / (q - 1)
        g = support.max(axis=1).mean()
        eta = 1 + max(0.0, (g - mac.lowest) / (1 - mac.lowest)) ** 2 * mac.chi * k
        mu = 1 + (eta - 1) / (1 + np.exp(-(support - mac.centre) / mac.slope))
        ties = (support == support.max(axis=1, keepdims=True)).astype(float)
        active = mac.fewest <= len(on) <= mac.most
        drawn = chosen(mu if learn[step] else ties, seed, DRAWN if learn[step] else FAIR, step)
        code = drawn if active else np.full(q, -1)
        if learn[step] and active:
            for p, c in enumerate(code):
                up[on, p, c] = 1.0
                for other, earlier in before:
                    across[other, earlier, p, c] = float(other != p) or across[other, earlier, p, c]
        codes.append(code)
        familiarity.append(g)
        greatest.append(support.argmax(axis=1))
    return {"codes": np.array(codes), "G": np.array(familiarity), "first": np.array(greatest), "up": up,
            "across": across}


def as_codes(win: np.ndarray) -> np.ndarray:
    """(..., Q) winners from (..., Q * K) zeros and ones; -1 where none has won."""
    cells = win.reshape(*win.shape[:-1], MAC.modules, MAC.cells)
    return np.where(cells.any(axis=-1), cells.argmax(axis=-1), -1)


def test_a_mac_in_operations_chooses_and_learns_what_its_algorithm_says_in_each_copy(backend):
    inputs, learn = episodes()
    program = mac_program(MAC, inputs, learn, seed=21, replicas=3)
    runner = prepare(program, backend, [Probe(n, "samples", n) for n in MAC_SEEN])
    caught = run_until(runner, len(inputs))
    each = [mac_directly(MAC, inputs, learn, 21 + b) for b in range(3)]
    assert not np.array_equal(each[0]["codes"], each[1]["codes"])
    for b, expected in enumerate(each):
        np.testing.assert_array_equal(as_codes(caught.values("cell.win")[:, b]), expected["codes"])
        np.testing.assert_array_equal(as_codes(caught.values("cell.first")[:, b]), expected["first"])
        np.testing.assert_allclose(caught.values("mac.G")[:, b, 0], expected["G"], **DOUBLE)
        np.testing.assert_array_equal(runner.read("up.w")[b].reshape(expected["up"].shape), expected["up"])
        assert runner.read("across.w")[b].sum() == expected["across"].sum() > 0
        set_edges = expected["up"].sum(axis=0) + expected["across"].sum(axis=(0, 1))
        np.testing.assert_array_equal(runner.read("cell.filled")[b], set_edges.ravel())


def test_a_mac_in_operations_recalls_a_sequence_that_it_was_shown_once(backend):
    inputs, learn = episodes()
    program = mac_program(MAC, inputs, learn, seed=21, replicas=3)
    for codes in np.moveaxis(as_codes(recorded(program, backend, len(inputs), *MAC_SEEN).values("cell.win")), 1, 0):
        assert np.all(codes[[1, 14]] == -1)
        assert len(set(codes[0])) > 1  # where nothing is known yet, chance decides
        assert (codes[2:14] == codes[15:]).mean() >= 0.99
        assert (codes[2:14] == np.roll(codes[15:], 1, axis=0)).mean() < 0.5


def a_layer(smooth: bool = False) -> Leaky:
    rng = np.random.default_rng(8)
    return Leaky(weight=rng.normal(0.1, 0.4, (7, 5)), bias=rng.normal(0.0, 0.05, 5), beta=rng.uniform(0.8, 0.95, 5),
                 theta=rng.uniform(0.8, 1.2, 5), slope=5.0, smooth=smooth)


def layer_data(*batch: int, steps: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (..., T, 7) and wanted outputs (..., T, 5), zeros and ones."""
    rng = np.random.default_rng(9)
    inputs, wanted = (rng.random((*batch, steps, n)) < p for n, p in ((7, 0.4), (5, 0.2)))
    return inputs.astype(float), wanted.astype(float)


def layer_directly(layer: Leaky, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Membrane and output, (T, N)."""

    def fire(x: np.ndarray) -> np.ndarray:
        return x / (1 + layer.slope * np.abs(x)) if layer.smooth else (x > 0).astype(float)

    u, membrane = np.zeros(len(layer.bias)), []
    for z in inputs:
        u = layer.beta * u + z @ layer.weight + layer.bias - fire(u - layer.theta) * layer.theta
        membrane.append(u)
    return np.array(membrane), fire(np.array(membrane) - layer.theta)


def loss(layer: Leaky, inputs: np.ndarray, wanted: np.ndarray) -> float:
    return 0.5 * float(np.sum((layer_directly(layer, inputs)[1] - wanted) ** 2))


def gradient_directly(layer: Leaky, inputs: np.ndarray, wanted: np.ndarray) -> dict[str, np.ndarray]:
    """Gradients of the loss, the reset detached: sums over time of whole arrays, after the adjoint of the membrane."""
    u, s = layer_directly(layer, inputs)
    slope = 1 / (1 + layer.slope * np.abs(u - layer.theta)) ** 2
    own = (s - wanted) * slope
    through = np.zeros_like(u)
    for t in range(len(u)):  # not the recursion: what each later time owes to this one, added up
        for later in range(t, len(u)):
            through[t] += own[later] * layer.beta ** (later - t)
    before, fired = np.vstack([np.zeros(5), u[:-1]]), np.vstack([np.zeros(5), s[:-1]])
    return {"weight": inputs.T @ through, "bias": through.sum(0), "beta": (through * before).sum(0),
            "theta": -(own + through * fired).sum(0), "z": through @ layer.weight.T}


def gradient_in_operations(layer: Leaky, inputs: np.ndarray, wanted: np.ndarray, backend: str,
                           dtype: str = "float64") -> dict[str, np.ndarray]:
    """The same from two programs: the first one's membrane is the tape of the second, which runs back in time."""
    steps = inputs.shape[-2]
    tape = recorded(forward_program(layer, inputs), backend, steps, *LAYER_SEEN, dtype=dtype).values("cell.u")
    tape = np.swapaxes(tape, 0, 1) if inputs.ndim == 3 else tape
    program = backward_program(layer, inputs, wanted, tape)
    runner = prepare(program, backend, [Probe("z", "samples", "input.adj_z")], dtype)
    caught = run_until(runner, steps)
    found = {name: runner.read(f"cell.adj_{name}") for name in ("bias", "beta", "theta")}
    shape = (*inputs.shape[:-2], *layer.weight.shape)
    return {**found, "weight": runner.read("dense.adj_w").reshape(shape), "z": caught.values("z")[::-1]}


def test_a_layer_in_operations_gives_the_known_trace_of_a_neuron(backend):
    """The membrane of a neuron with beta 0.9 and threshold 1, driven by 0.3, with a delayed reset by subtraction."""
    layer = Leaky(weight=np.array([[0.3]]), bias=np.zeros(1), beta=np.array([0.9]), theta=np.ones(1))
    caught = recorded(forward_program(layer, np.ones((2, 12, 1))), backend, 12, *LAYER_SEEN)
    expected = [0.3, 0.57, 0.813, 1.0317, 0.2285, 0.5057, 0.7551, 0.9796, 1.1816, 0.3635, 0.6271, 0.8644]
    for copy in range(2):
        np.testing.assert_allclose(caught.values("cell.u")[:, copy, 0], expected, atol=5.1e-5)  # printed to four places
        assert np.flatnonzero(caught.values("cell.s")[:, copy]).tolist() == [3, 8]


def test_the_adjoint_of_a_layer_in_operations_is_its_surrogate_gradient_and_adds_up_over_a_batch(backend):
    layer, (inputs, wanted) = a_layer(), layer_data(4)
    found = gradient_in_operations(layer, inputs, wanted, backend)
    each = [gradient_directly(layer, z, y) for z, y in zip(inputs, wanted, strict=True)]
    assert all(10 < layer_directly(layer, z)[1].sum() < 100 for z in inputs)
    for name in ("weight", "bias", "beta", "theta"):
        np.testing.assert_allclose(found[name], [g[name] for g in each], **DOUBLE, err_msg=name)
        np.testing.assert_allclose(found[name].sum(axis=0), sum(g[name] for g in each), **DOUBLE, err_msg=name)
    np.testing.assert_allclose(found["z"], np.stack([g["z"] for g in each], axis=1), **DOUBLE)


@pytest.mark.parametrize("name", ["weight", "bias", "beta", "theta"])
def test_the_adjoint_of_a_smooth_layer_is_the_slope_of_its_loss(backend, name):
    layer, (inputs, wanted) = a_layer(smooth=True), layer_data()
    found = gradient_in_operations(layer, inputs, wanted, backend, "float32")[name]
    old = getattr(layer, name)
    way = np.random.default_rng(10).normal(size=old.shape)
    step = 1e-5  # error of the difference: step**2 from its order, 1e-15 / step from rounding
    ahead, behind = (loss(replace(layer, **{name: old + h * way}), inputs, wanted) for h in (step, -step))
    assert abs(np.sum(found * way)) > 1e-3
    tolerance = {"rtol": 1e-6} if backend == "reference" else SINGLE
    np.testing.assert_allclose(np.sum(found * way, dtype=float), (ahead - behind) / (2 * step), **tolerance)
