"""Neurons from text: what they take, refuse, and do at a spike."""

import numpy as np
import pytest

from neurosim import Network, Neurons, TimedArray, simulate
from neurosim.errors import DescriptionError, EquationError, UnitError
from neurosim.families.plain import from_plain

LEAK = "dv/dt = (E - v) / tau : mV (unless refractory)"


def counter(refractory, **more):
    """A clock: one volt step per ms, a spike at every step in which it may."""
    return Neurons(
        1,
        "dv/dt = 1*mV/ms : mV (unless refractory)",
        threshold="v > 0.5*mV",
        reset="v = 0*mV",
        refractory=refractory,
        **more,
    )


def spike_steps(part, backend="reference", duration=4.0, dt=0.1):
    recording = simulate(
        Network({"cell": part}), duration, dt=dt, record="spikes", backend=backend, progress=False
    )
    return np.rint(recording["cell.spikes"].times / dt).astype(int)


def test_a_repr_rebuilds_the_neurons():
    part = Neurons(
        3,
        LEAK,
        threshold="v > -50",
        reset="v = -60",
        refractory=2.0,
        E=[-1.0, -2.0, -3.0],
        tau=20.0,
        initial={"v": "-60 + rand()"},
    )
    assert eval(repr(part), {"Neurons": Neurons}) == part
    assert from_plain(part.to_dict(), {"Neurons": Neurons}, "family", "x") == part


def test_parts_that_differ_in_a_number_are_not_equal():
    assert Neurons(3, LEAK, E=-60.0, tau=20.0) != Neurons(3, LEAK, E=-61.0, tau=20.0)


def test_all_missing_values_are_named_at_once():
    with pytest.raises(EquationError, match=r"needs a value for: E, tau"):
        Neurons(1, LEAK)


def test_a_superfluous_value_is_refused_with_the_nearest_name():
    with pytest.raises(DescriptionError, match="tau_m'; did you mean 'tau'"):
        Neurons(1, LEAK, E=-60.0, tau=10.0, tau_m=20.0)


@pytest.mark.parametrize("size", [0, -1, 2.5, "many"])
def test_a_size_that_is_no_count_is_refused(size):
    with pytest.raises(DescriptionError, match="Neurons.size"):
        Neurons(size, "v : mV")


def test_an_import_in_an_equation_is_refused():
    with pytest.raises(EquationError):
        Neurons(1, "dv/dt = __import__('os').getpid() / ms : mV")


def test_a_wrong_dimension_is_told_where_it_was_written():
    with pytest.raises(UnitError):
        Neurons(1, "dv/dt = (E - v) / tau : mV", threshold="v > 5*ms", E=0.0, tau=1.0)


def test_a_quantity_of_another_dimension_names_the_field():
    pint = pytest.importorskip("pint")
    with pytest.raises(UnitError, match="Neurons.tau must be in ms"):
        Neurons(1, LEAK, E=-60.0, tau=pint.UnitRegistry().Quantity(3.0, "mV"))


def test_a_quantity_is_converted():
    pint = pytest.importorskip("pint")
    part = Neurons(1, LEAK, E=-60.0, tau=pint.UnitRegistry().Quantity(0.02, "s"))
    assert part.parameters["tau"] == pytest.approx(20.0)


def test_an_unknown_symbol_in_the_initial_value_is_named():
    with pytest.raises(EquationError, match="unknown name 'E_L'"):
        Neurons(1, LEAK, E=-60.0, tau=10.0, initial={"v": "E_L + 1"})


def test_an_unsuitable_method_is_refused_at_once():
    with pytest.raises(EquationError, match="exact"):
        Neurons(1, "dv/dt = v**2/mV/ms : mV", method="exact")


def test_a_reset_without_threshold_is_refused():
    with pytest.raises(DescriptionError, match="needs a threshold"):
        Neurons(1, LEAK, E=0.0, tau=1.0, reset="v = 0")


def test_a_passive_membrane_decays_as_its_closed_form(backend):
    part = Neurons(2, "dv/dt = (E - v) / tau : mV", E=-60.0, tau=[10.0, 20.0], initial={"v": -50.0})
    recording = simulate(
        Network({"cell": part}),
        5.0,
        dt=0.1,
        record="cell.v",
        backend=backend,
        dtype="float64",
        progress=False,
    )
    expected = -60.0 + 10.0 * np.exp(-5.0 / np.array([10.0, 20.0]))
    assert np.allclose(recording["cell.v"].values[-1], expected, rtol=1e-12, atol=0)


# from 0 the clock passes 0.5 after step 5; then it rests n - 1 steps and needs 6 more from step k + n on
@pytest.mark.parametrize(("refractory", "period"), [(None, 6), (0.0, 6), (0.1, 6), (0.5, 10), (1.0, 15)])
def test_a_neuron_is_refractory_for_n_minus_one_steps(refractory, period, backend):
    steps = spike_steps(counter(refractory), backend)
    assert len(steps) > 1
    assert np.all(np.diff(steps) == period)


def test_a_refractory_text_of_time_equals_the_number():
    assert np.array_equal(spike_steps(counter("0.2*ms + 0.3*ms")), spike_steps(counter(0.5)))


def test_a_refractory_condition_holds_for_as_long_as_it_is_true():
    text = "dv/dt = rate : mV\nrate : mV/ms"
    table = TimedArray([1.0] * 10 + [-1.0] * 10 + [1.0] * 10, dt=0.1)
    part = Neurons(1, text, threshold="v > 0.55*mV", refractory="v > 0.55*mV", rate=table)
    assert spike_steps(part, duration=3.0).tolist() == [5, 25]


def test_the_last_spike_is_known_to_the_texts():
    part = Neurons(
        1, "dv/dt = 1*mV/ms : mV", threshold="v > 0.55*mV and t - lastspike > 1.05*ms", reset="v = 0*mV"
    )
    assert spike_steps(part).tolist() == [5, 16, 27, 38]


def test_only_what_the_texts_use_is_in_the_program():
    part = Neurons(4, "dv/dt = (E - v)/tau : mV", threshold="v > 10", reset="v = 0", E=20.0, tau=10.0)
    text = Network({"cell": part}).build(dt=0.1).describe()
    assert "refractory" not in text and "lastspike" not in text and "tau" not in text


def test_initial_values_are_drawn_from_the_seed_and_name():
    part = Neurons(100, "v : mV", initial={"v": "-60 + 10*rand()"})
    program = Network({"a": part, "b": part}).build(dt=0.1, seed=3, replicas=2)
    first, second = program.buffers["a.v"].initial, program.buffers["b.v"].initial
    assert first.shape == (2, 100) and first.min() >= -60 and first.max() < -50
    assert not np.array_equal(first, second) and not np.array_equal(first[0], first[1])
    alone = Network({"a": part}).build(dt=0.1, seed=4)
    assert np.array_equal(alone.buffers["a.v"].initial, first[1])


def test_a_text_may_name_another_parameter():
    part = Neurons(3, "v : mV", initial={"v": "low + 2*i*mV"}, low="base + 1*mV", base=5.0)
    assert Network({"a": part}).build(dt=0.1).buffers["a.v"].initial.tolist() == [6.0, 8.0, 10.0]


def test_noise_of_an_ornstein_uhlenbeck_process_has_its_variance(backend):
    part = Neurons(2000, "dv/dt = -v/tau + sigma*sqrt(2/tau)*xi : mV", tau=5.0, sigma=3.0)
    recording = simulate(
        Network({"a": part}), 30.0, dt=0.1, record=[("a.v", 30.0)], backend=backend, progress=False
    )
    # 2000 samples: the standard error of the deviation is 1.6 %; Euler adds 1 %
    assert recording["a.v"].values[-1].std() == pytest.approx(3.0, rel=0.07)


def test_the_time_of_the_last_spike_can_stand_in_a_subexpression_of_the_threshold():
    text = "dv/dt = (30*mV - v)/tau : mV\ntheta = 10*mV + 20*mV*exp(-(t - lastspike)/(20*ms)) : mV"
    direct = text.splitlines()[0]
    fired = [
        simulate(
            Network({"cell": Neurons(1, equations, threshold=threshold, reset="v = 0*mV", tau=10.0)}), 50.0, dt=0.1,
            record="spikes", backend="reference", progress=False,
        )["cell.spikes"].steps
        for equations, threshold in ((text, "v > theta"), (direct, "v > 10*mV + 20*mV*exp(-(t - lastspike)/(20*ms))"))
    ]
    assert fired[0].size > 2 and np.array_equal(*fired)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"treshold": "v > 10"}, "did you mean 'threshold'"),
        ({"threshold": "vv > 10"}, "did you mean 'v'"),
        ({"threshold": "v > amp*mV", "amp": 5.0}, "'amp' is a unit"),
    ],
)
def test_a_misspelt_field_or_variable_offers_the_nearest(more, message):
    with pytest.raises(DescriptionError, match=message):
        Neurons(1, "dv/dt = -v/tau : mV", tau=10.0, **more)
