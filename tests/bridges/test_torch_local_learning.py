"""e-prop and DECOLLE against plain loops of their papers' equations, and against backpropagation through time."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim import Network, Neurons, Poisson, SpikeGenerator, simulate  # noqa: E402
from neurosim.bridges.torch import as_module  # noqa: E402
from neurosim.bridges.torch.decolle import ON_PRE, DecolleModule, decolle_neurons  # noqa: E402
from neurosim.bridges.torch.eprop import EPropModule  # noqa: E402
from neurosim.connectivity import AllToAll  # noqa: E402
from neurosim.errors import NeurosimError  # noqa: E402

LINES, CELLS, READOUTS, STEPS, COPIES = 5, 6, 2, 60, 3
TAU_M, TAU_A, TAU_OUT, REFRACTORY = 15.0, 80.0, 12.0, 3
V_TH, GAMMA = 0.6, 0.3
ALPHA, RHO, KAPPA = (np.exp(-1.0 / tau) for tau in (TAU_M, TAU_A, TAU_OUT))
BETA = np.array([0.0, 0.0, 0.0, 0.15, 0.15, 0.3])
"""Half of the cells do not adapt, the others do."""
ALIF = "dv/dt = -v/tau_m : 1\nda/dt = -a/tau_a : 1"
PSI = f"{GAMMA / V_TH}*max(0, 1 - abs(z)/{V_TH})"
"""The published slope: the distance from the threshold is measured in thresholds."""
RNG = np.random.default_rng(3)
W_IN, W_REC = RNG.normal(0.2, 0.25, (LINES, CELLS)), RNG.normal(0.0, 0.35, (CELLS, CELLS))
X = (RNG.random((STEPS, COPIES, LINES)) < 0.15).astype(float)
TARGET = RNG.normal(size=(STEPS, COPIES, READOUTS))


def network(recurrent=True, source=None):
    """Cells whose step is the published one: a jump is made larger by what the step in which it arrives takes away."""
    cells = Neurons(CELLS, ALIF, threshold="v > v_th + beta*a", reset="v -= fall; a += rise", refractory=REFRACTORY,
                    tau_m=TAU_M, tau_a=TAU_A, v_th=V_TH, beta=BETA, fall=V_TH / ALPHA, rise=1.0 / RHO)
    net = Network({"source": source or Poisson(LINES, 10.0), "cells": cells})
    net.connect("source", "cells", AllToAll(), on_pre="v += w", w=W_IN.ravel() / ALPHA, delay=1.0)
    if recurrent:
        net.connect("cells", "cells", AllToAll(), on_pre="v += w", w=W_REC.ravel() / ALPHA, delay=1.0)
    return net


def made(recurrent=True, **options):
    options = {"inputs": "source.spikes", "spikes": "cells.spikes", "readouts": READOUTS, "tau_out": TAU_OUT, "dt": 1.0,
               "surrogate": PSI, "reset": ["a"], "dtype": torch.float64, "threads": 1, "seed": 4, **options}
    return EPropModule(network(recurrent), **options)


def gradients(module, loss=None):
    """Gradients of a squared error by the name of the parameter."""
    y = module(torch.from_numpy(X))
    (0.5 * (y - torch.from_numpy(TARGET)).square().sum() if loss is None else loss(y)).backward()
    return {n.rpartition(".")[2]: p.grad.numpy() for n, p in module.named_parameters() if p.grad is not None}


def published_loop(weight, back, bias):
    """Traces of the paper, forwards in time: gradients of input, recurrent, readout weights, biases, and the spikes."""
    found = {"in": np.zeros((LINES, CELLS)), "rec": np.zeros((CELLS, CELLS)), "out": np.zeros((CELLS, READOUTS)),
             "bias": np.zeros(READOUTS)}
    spikes = np.zeros((STEPS, COPIES, CELLS))
    for copy in range(COPIES):
        v, a, z, y, z_bar = np.zeros(CELLS), np.zeros(CELLS), np.zeros(CELLS), np.zeros(READOUTS), np.zeros(CELLS)
        rests = np.zeros(CELLS, int)
        seen = {"in": np.zeros(LINES), "rec": np.zeros(CELLS)}
        eps_a = {k: np.zeros((len(n), CELLS)) for k, n in seen.items()}
        e_bar = {k: np.zeros((len(n), CELLS)) for k, n in seen.items()}
        for t in range(STEPS):
            x = X[t - 1, copy] if t else np.zeros(LINES)  # a spike of a step arrives in the next one
            v = ALPHA * v + W_IN.T @ x + W_REC.T @ z - V_TH * z
            a = RHO * a + z
            free = rests == 0
            distance = v - V_TH - BETA * a
            seen = {"in": ALPHA * seen["in"] + x, "rec": ALPHA * seen["rec"] + z}
            z = ((distance > 0) & free).astype(float)
            psi = GAMMA / V_TH * np.maximum(0.0, 1.0 - np.abs(distance / V_TH)) * free
            rests = np.where(z > 0, REFRACTORY - 1, np.maximum(rests - 1, 0))
            y = KAPPA * y + weight.T @ z + bias
            z_bar = KAPPA * z_bar + z
            error = y - TARGET[t, copy]
            learning = back @ error
            for k, trace in seen.items():
                e = psi * (trace[:, None] - BETA * eps_a[k])
                eps_a[k] = psi * trace[:, None] + (RHO - psi * BETA) * eps_a[k]
                e_bar[k] = KAPPA * e_bar[k] + e
                found[k] += learning * e_bar[k]
            found["out"] += np.outer(z_bar, error)
            found["bias"] += error * (1 - KAPPA ** (t + 1)) / (1 - KAPPA)
            spikes[t, copy] = z
    return found, spikes


@pytest.mark.parametrize("feedback", ["symmetric", pytest.param("random", marks=pytest.mark.slow), "adaptive"])
def test_gradients_are_learning_signals_times_the_published_traces(feedback):
    module = made(feedback=feedback)
    found = gradients(module)
    weight, bias = (getattr(module.readout, n).detach().numpy() for n in ("weight", "bias"))
    back = weight if feedback == "symmetric" else module.readout.back.detach().numpy()
    wanted, spikes = published_loop(weight, back, bias)
    fired = module.cells(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_array_equal(fired, spikes)
    assert 0.02 < spikes.mean() < 0.3 and all(spikes[..., k].any() for k in (1, 4))
    # a weight of the description acts after the decay of its step, the published one before it
    for name, key in (("source_to_cells_w", "in"), ("cells_to_cells_w", "rec")):
        assert np.abs(wanted[key]).max() > 0.1
        np.testing.assert_allclose(found[name], ALPHA * wanted[key], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found["weight"], wanted["out"], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found["bias"], wanted["bias"], rtol=1e-10, atol=1e-10)
    # what carries errors back learns as the readout does, or not at all
    assert ("back" in found) == (feedback == "adaptive")
    if feedback == "adaptive":
        np.testing.assert_array_equal(found["back"], found["weight"])


def through_time(recurrent, reset):
    """Gradients of backpropagation through time of the same network and the same readout."""
    module = made(recurrent)
    module.cells = as_module(network(recurrent), inputs="source.spikes", outputs="cells.spikes", train="w", dt=1.0,
                             surrogate=PSI, reset=reset, dtype=torch.float64, threads=1)
    return gradients(module)


def test_without_recurrent_spikes_e_prop_is_backpropagation_through_time():
    found, wanted = gradients(made(False)), through_time(False, ["a"])
    assert np.abs(wanted["source_to_cells_w"]).max() > 0.1
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-10)


def test_with_recurrent_spikes_it_is_another_gradient_of_the_same_readout():
    found, wanted = gradients(made()), through_time(True, ["a"])
    np.testing.assert_allclose(found["weight"], wanted["weight"], rtol=1e-10)
    difference = np.linalg.norm(found["cells_to_cells_w"] - wanted["cells_to_cells_w"])
    assert difference > 0.05 * np.linalg.norm(wanted["cells_to_cells_w"])


def test_each_way_of_recomputing_gives_the_same_gradients():
    wanted = gradients(made())
    for name, value in gradients(made(memory="recompute")).items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-10, atol=1e-12)


def test_all_three_kinds_of_feedback_learn_a_pattern():
    t = np.arange(STEPS) / STEPS
    target = torch.from_numpy(np.stack([np.sin(2 * np.pi * t), np.cos(4 * np.pi * t)], -1))[:, None]
    for feedback in ("symmetric", "random", "adaptive"):
        module, losses = made(feedback=feedback), []
        optimiser = torch.optim.Adam(module.parameters(), lr=0.02)
        for _ in range(60):
            loss = (module(torch.from_numpy(X[:, :1])) - target).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
        assert losses[-1] < 0.4 * losses[0], feedback


SIZES = {"first": 4, "second": 3}
TAU_MEM, TAU_SYN, TAU_REF, SHIFT = 20.0, 10.0, 2.3, -0.3
WEIGHTS = {"first": RNG.normal(0.05, 0.3, (LINES, 4)), "second": RNG.normal(0.2, 0.3, (4, 3))}


def layered(source=None):
    net = Network({"source": source or Poisson(LINES, 10.0)})
    before = "source"
    for name, size in SIZES.items():
        net.add(name, decolle_neurons(size, tau_mem=TAU_MEM, tau_syn=TAU_SYN, tau_ref=TAU_REF, bias=SHIFT))
        net.connect(before, name, AllToAll(), on_pre=ON_PRE, w=WEIGHTS[name].ravel(), delay=1.0)
        before = name
    return net


def layers(**options):
    options = {"readouts": READOUTS, "dt": 1.0, "dtype": torch.float64, "threads": 1, "seed": 2, **options}
    return DecolleModule(layered(), inputs="source.spikes", layers=[f"{n}.spikes" for n in SIZES], **options)


def local_loop(readouts):
    """The paper's rule: error of the layer's own readout, slope of its potential, filtered spikes of the layer before.

    Filters belong to the sources, as in the paper, and are solved exactly, as the description says.
    """
    step = np.array([[-1 / TAU_MEM, 1 / TAU_MEM], [0.0, -1 / TAU_SYN]])
    values, vectors = np.linalg.eig(step)
    step = (vectors * np.exp(values)) @ np.linalg.inv(vectors)
    found = {n: np.zeros_like(w) for n, w in WEIGHTS.items()}
    for copy in range(COPIES):
        filters = {n: np.zeros((2, len(w))) for n, w in WEIGHTS.items()}  # P and Q
        rests = {n: np.zeros(size) for n, size in SIZES.items()}
        before = {"first": np.zeros(LINES), "second": np.zeros(SIZES["first"])}
        for t in range(STEPS):
            now = {}
            for (name, w), g in zip(WEIGHTS.items(), readouts, strict=True):
                filters[name][1] += before[name]
                filters[name] = step @ filters[name]
                rests[name] = rests[name] * np.exp(-1.0 / TAU_REF)
                u = w.T @ filters[name][0] - rests[name] + SHIFT
                now[name] = (u > 0).astype(float)
                error = now[name] @ g - TARGET[t, copy]
                found[name] += np.outer(filters[name][0], (g @ error) * (np.abs(u) < 0.5))
                rests[name] = rests[name] + now[name]
            before = {"first": X[t, copy], "second": now["first"]}
    return found


def test_decolle_is_the_published_rule_of_each_layer():
    module = layers()
    spikes = module.spikes(torch.from_numpy(X))
    assert all(0.03 < float(z.detach().mean()) < 0.6 for z in spikes)
    sum(0.5 * (y - torch.from_numpy(TARGET)).square().sum() for y in module.read(spikes)).backward()
    wanted = local_loop([module.readout_0.numpy(), module.readout_1.numpy()])
    for name, join in (("first", "source_to_first_w"), ("second", "first_to_second_w")):
        assert np.abs(wanted[name]).max() > 0.1
        np.testing.assert_allclose(getattr(module.cells, join).grad.numpy(), wanted[name], rtol=1e-9, atol=1e-10)


def test_the_loss_of_a_layer_leaves_the_others_alone():
    module = layers()
    module(torch.from_numpy(X))[1].sum().backward()
    assert not module.cells.source_to_first_w.grad.any() and module.cells.first_to_second_w.grad.any()


def test_what_learns_locally_is_what_is_simulated():
    x = X[:, 0]
    step, line = np.nonzero(x)
    for net, module, name in ((network(source=SpikeGenerator(LINES, line, 1.0 * step)), made(), "cells"),
                              (layered(SpikeGenerator(LINES, line, 1.0 * step)), layers(), "second")):
        recording = simulate(net, float(STEPS), dt=1.0, record=f"{name}.spikes", backend="reference", progress=False)
        given = torch.from_numpy(x)[:, None]
        fired = (module.cells(given) if name == "cells" else module.spikes(given)[1]).detach().numpy()[:, 0]
        found = np.zeros_like(fired)
        found[recording[f"{name}.spikes"].steps, recording[f"{name}.spikes"].indices] = 1
        assert found.any()
        np.testing.assert_array_equal(found, fired)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: made(feedback="direct"), "adaptive, random, symmetric"),
    (lambda: made(readouts=0), "readouts must be >= 1"),
    (lambda: made(tau_out=0.0), "tau_out must be > 0"),
    (lambda: made(reset=["b"]), "no spike changes .b.; .*: a, refractory_left, v"),
    (lambda: made(joins="some"), "'recurrent' or 'all'"), (lambda: made(train="u"), "no parameter 'u'"),
    (lambda: layers(readouts=0), "readouts must be >= 1"),
    (lambda: DecolleModule(layered(), inputs="source.spikes", layers="first.spikes", readouts=2), "layers must name"),
])
def test_a_wrong_choice_is_refused_by_name(make, message):
    with pytest.raises(NeurosimError, match=message):
        make()
