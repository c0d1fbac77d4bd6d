"""Trees of compartments against cable theory."""

import numpy as np
import pytest

from neurosim import Compartments, Network, Tree, simulate
from neurosim.errors import DescriptionError

RA, RM, D, L = 150.0, 20000.0, 2.0, 1000.0
LAMBDA = np.sqrt(RM / RA * D * 1e-4 / 4.0) * 1e4  # um
G_INF = np.pi / 2.0 * (D * 1e-4) ** 1.5 / np.sqrt(RM * RA) * 1e9  # nS, of a cable without end


def settled(part, duration=600.0, dt=1.0, backend="reference"):
    run = simulate(Network({"cell": part}), duration, dt=dt, dtype="float64", record="cell.v", backend=backend,
                   progress=False)  # fmt: skip
    return np.asarray(run["cell.v"])


def injected(size, where, current=100.0):
    found = np.zeros(size)
    found[where] = current
    return found


def test_a_cable_has_the_steady_state_of_the_closed_form(backend):
    size = 100
    cable = Compartments(2, Tree.cable(size, L, D, Ra=RA), Rm=RM, I=injected(2 * size, 0))
    v = settled(cable, backend=backend)[-1]
    assert np.all(v[size:] == -70.0)  # the second neuron knows nothing of the first
    x = (np.arange(size) + 0.5) * L / size
    # the current enters at the middle of the first compartment, half a compartment inside the sealed end
    begin, length = x[0], L - x[0]
    g = G_INF * (np.tanh(length / LAMBDA) + np.tanh(begin / LAMBDA))
    expected = 100.0 / g * np.cosh((L - x) / LAMBDA) / np.cosh(length / LAMBDA)
    np.testing.assert_allclose(v[:size] + 70.0, expected, rtol=2e-5)  # second order in the compartments' length


def test_the_error_of_cutting_falls_with_the_square_of_the_length():
    errors = []
    for size in (10, 20, 40):
        v = settled(Compartments(1, Tree.cable(size, L, D, Ra=RA), Rm=RM, I=injected(size, 0)))[-1, -1] + 70.0
        begin, length, end = 0.5 * L / size, L - 0.5 * L / size, 0.5 * L / size
        g = G_INF * (np.tanh(length / LAMBDA) + np.tanh(begin / LAMBDA))
        errors.append(abs(v / (100.0 / g * np.cosh(end / LAMBDA) / np.cosh(length / LAMBDA)) - 1.0))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.1)


def test_a_ball_and_stick_has_its_input_resistance():
    soma, size = 20.0, 100
    tree = Tree(np.arange(size + 1) - 1, np.r_[soma, np.full(size, L / size)], np.r_[soma, np.full(size, D)], Ra=RA)
    v = settled(Compartments(1, tree, Rm=RM, I=injected(size + 1, 0)))[-1, 0] + 70.0
    ball = 10.0 * np.pi * soma**2 / RM  # nS; the half of the soma's length is the axial resistance before the stick
    half = 1e4 * RA * soma / 2.0 / (np.pi * soma**2 / 4.0) * 1e-9  # GOhm
    stick = 1.0 / (half + 1.0 / (G_INF * np.tanh(L / LAMBDA)))
    assert v / 100.0 == pytest.approx(1.0 / (ball + stick), rel=1e-4)


def test_a_passive_tree_has_no_error_of_time():
    """Five generations of branches, cut finely enough that a step of 1 ms would burst if it were explicit."""
    parents = [-1, *((k - 1) // 2 for k in range(1, 31))]
    tree = Tree(parents, 20.0, np.linspace(4.0, 1.0, 31))
    cell = Compartments(1, tree, I=injected(31, 7))
    coarse, fine = settled(cell, 20.0, dt=1.0), settled(cell, 20.0, dt=0.05)
    np.testing.assert_allclose(coarse, fine[19::20], atol=1e-9)


def test_charge_decays_with_the_membrane_and_is_conserved_by_the_axis():
    tree = Tree([-1, 0, 1, 1, 2], [30.0, 50.0, 40.0, 40.0, 60.0], [15.0, 3.0, 2.0, 1.0, 1.0])
    start = np.array([-20.0, -70.0, -70.0, -50.0, -70.0])
    v = settled(Compartments(1, tree, initial={"v": start}), 30.0, dt=0.1)
    charge = (v + 70.0) @ tree.capacitances
    begin = (start + 70.0) @ tree.capacitances
    np.testing.assert_allclose(charge, begin * np.exp(-(np.arange(len(v)) + 1) * 0.1 / 20.0), rtol=1e-9)


HH = """
I_channels = area*(g_Na*m**3*h*(50*mV - v) + g_K*n**4*(-77*mV - v)) : pA
dm/dt = (1 - m)/exprel(-(v + 40*mV)/(10*mV))/ms - m*4*exp(-(v + 65*mV)/(18*mV))/ms : 1
dh/dt = (1 - h)*0.07*exp(-(v + 65*mV)/(20*mV))/ms - h/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1
dn/dt = 0.1*(1 - n)/exprel(-(v + 55*mV)/(10*mV))/ms - n*0.125*exp(-(v + 65*mV)/(80*mV))/ms : 1
"""


def test_a_spike_travels_along_the_squid_axon_at_its_speed():
    """Hodgkin and Huxley computed 18.8 m/s at 18.5 degrees in an axon of 476 um, Ra = 35.4 Ohm cm (page 528)."""
    length, size, duration = 40_000.0, 80, 5.0
    warm = 3.0 ** ((18.5 - 6.3) / 10.0)
    text = "\n".join(f"{line[:line.index('=') + 1]} {warm}*({line[line.index('=') + 1:line.rindex(':')]}) : 1"
                     if line.startswith("d") else line for line in HH.strip().split("\n"))
    axon = Compartments(
        1, Tree.cable(size, length, 476.0, Ra=35.4), Rm=1000.0 / 0.3, E_L=-54.387, channels=text, spike_at=0.0,
        parameters={"g_Na": 1.2, "g_K": 0.36}, I=injected(size, 0, 4e6),
        initial={"v": -65.0, "m": 0.0529, "h": 0.5961, "n": 0.3177},
    )  # fmt: skip
    run = simulate(Network({"axon": axon}), duration, dt=0.01, dtype="float64", record=["axon.v", "axon.spikes"],
                   progress=False)  # fmt: skip
    v = np.asarray(run["axon.v"])
    first = np.argmax(v > -20.0, axis=0) * 0.01
    a, b = size // 4, 3 * size // 4
    speed = (b - a) * length / size / (first[b] - first[a]) / 1000.0  # m/s
    assert speed == pytest.approx(18.8, rel=0.03)
    assert run["axon.spikes"].count >= 1 and np.all(run["axon.spikes"].indices == 0)


def test_a_tree_is_rebuilt_from_its_fields():
    part = Compartments(3, Tree([-1, 0, 0], [10.0, 50.0, 50.0], 2.0), Rm=[1e4, 2e4, 2e4], channels=HH, spike_at=0.0,
                        parameters={"g_Na": [1.2, 0.0, 0.0], "g_K": 0.36})  # fmt: skip
    network = Network({"cell": part})
    assert Network.from_yaml(network.to_yaml()) == network
    assert part.size == 9 and part.index(2, 1) == 7


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tree([0, 0], 1.0, 1.0), "Tree.parents must be -1 and then"),
        (lambda: Tree([-1, 2, 1], 1.0, 1.0), "Tree.parents must be -1 and then"),
        (lambda: Tree([-1, 0], [1.0, 0.0], 1.0), "Tree.lengths must be one number > 0"),
        (lambda: Tree([-1, 0], 1.0, 1.0, Ra=0.0), "Tree.Ra must be > 0"),
        (lambda: Compartments(1, [1, 2]), "Compartments.tree must be a Tree"),
        (lambda: Compartments(1, Tree.cable(3, 1.0, 1.0), Rm=[1.0, 2.0]), "Compartments.Rm must be one number > 0"),
    ],
)
def test_a_wrong_tree_is_named(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
