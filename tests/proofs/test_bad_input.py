"""Mistakes through the front door: an error of ours that says what is wrong, and nothing half-written."""

import os

import numpy as np
import pytest

import neurosim
from neurosim import (
    LIF,
    AdEx,
    Network,
    Neurons,
    NeurosimError,
    Poisson,
    Recording,
    Simulation,
    SpikeGenerator,
    TimedArray,
    simulate,
)
from neurosim.backends import backend_names
from neurosim.connectivity import AllToAll, Bernoulli, FixedInDegree, FromArrays, Normal, Uniform
from neurosim.errors import CheckpointError, RecordingError


def cells(equations="dv/dt = (E - v)/tau : mV", **changes):
    given = {"size": 4, "threshold": "v > -50", "reset": "v = -60", "E": -45.0, "tau": 10.0}
    return Neurons(equations=equations, **{**given, **changes})


def quantity(number, unit):
    import pint

    return pint.UnitRegistry().Quantity(number, unit)


def joined(**changes):
    """Two populations and a join with one thing wrong in it."""
    given = {"source": "exc", "target": "inh", "rule": AllToAll(), "on_pre": "v += w", "w": 0.5, **changes}
    net = Network({"exc": cells(), "inh": cells(size=2)})
    net.connect(given.pop("source"), given.pop("target"), given.pop("rule"), **given)
    return net


def run(net=None, duration=5.0, **changes):
    given = {"backend": "reference", "record": ["exc.spikes"], "progress": False, **changes}
    return simulate(Network({"exc": cells()}) if net is None else net, duration, **given)


def session(**changes):
    given = {"backend": "reference", "record": ["exc.spikes", "exc.v"], "progress": False, **changes}
    return Simulation(Network({"exc": cells()}), **given)


# what is called -> what its message must name
MISTAKES = {
    "an unknown symbol": (lambda: cells("dv/dt = (E - u)/tau : mV"), ["u"]),
    "a misspelt symbol": (lambda: cells("dv/dt = (E - v)/tua : mV"), ["tua", "did you mean 'tau'"]),
    "a symbol in the threshold": (lambda: cells(threshold="w > -50"), ["w"]),
    "a symbol in the reset": (lambda: cells(reset="v = v_rst"), ["v_rst"]),
    "a symbol in a start": (lambda: cells(initial={"v": "E + spread*rand()"}), ["spread"]),
    "a wrong dimension in an equation": (lambda: cells("dv/dt = E - v : mV"), ["dv/dt", "mV"]),
    "a wrong dimension in a sum": (lambda: cells("dv/dt = (E - v + tau)/tau : mV"), ["mV", "ms"]),
    "a wrong dimension in the threshold": (lambda: cells(threshold="v > 5*ms"), ["threshold", "mV", "ms"]),
    "a wrong dimension in the reset": (lambda: cells(reset="v = 3*nS"), ["reset", "mV", "nS"]),
    "a wrong dimension of a field": (lambda: LIF(3, tau=quantity(20.0, "mV")), ["LIF.tau", "mV", "ms"]),
    "a wrong dimension of a start": (lambda: cells(initial={"v": "3*ms"}), ["v", "mV", "ms"]),
    "a wrong dimension of a rate": (lambda: Poisson(3, "20*ms"), ["Poisson.rates", "Hz", "ms"]),
    "an unknown unit": (lambda: cells("dv/dt = (E - v)/tau : mVolts"), ["mVolts"]),
    "__import__ in an equation": (
        lambda: cells("dv/dt = __import__('os').getlogin()*mV/tau : mV"), ["__import__"]),
    "__import__ in a reset": (lambda: cells(reset="v = __import__('os').getlogin()*mV"), ["__import__"]),
    "__import__ in a threshold": (lambda: cells(threshold="__import__('os')"), ["__import__"]),
    "__import__ in a start": (lambda: cells(initial={"v": "__import__('os').getlogin()"}), ["__import__"]),
    "__import__ in a rate": (lambda: Poisson(3, "__import__('os').getlogin()"), ["__import__"]),
    "__import__ in on_pre": (lambda: joined(on_pre="v += __import__('os').getlogin()*w"), ["__import__"]),
    "__import__ in a weight": (lambda: joined(w="__import__('os').getlogin()").build(dt=0.1), ["__import__"]),
    "an attribute in an equation": (lambda: cells("dv/dt = v.real/tau : mV"), ["v.real"]),
    "a lambda in an equation": (lambda: cells("dv/dt = (lambda: v)()/tau : mV"), ["lambda"]),
    "a size of 0": (lambda: cells(size=0), ["Neurons.size", ">= 1", "0"]),
    "a size of 0 by a name": (lambda: LIF(0), ["LIF.size", ">= 1", "0"]),
    "a size that is no number": (lambda: AdEx("many"), ["AdEx.size", "'many'"]),
    "half a neuron": (lambda: Poisson(2.5, 3.0), ["Poisson.size", "2.5"]),
    "a negative time constant": (lambda: LIF(3, tau=-2.0), ["LIF.tau", "> 0", "-2.0"]),
    "a parameter that is not there": (lambda: cells(taum=3.0), ["taum", "tau"]),
    "a parameter that is missing": (lambda: Neurons(3, "dv/dt = -v/tau : mV"), ["tau"]),
    "a NaN parameter": (lambda: cells(E=np.nan), ["Neurons.E", "NaN"]),
    "a NaN start": (lambda: cells(initial={"v": np.nan}), ["v", "NaN"]),
    "a parameter of the wrong length": (lambda: cells(E=np.ones(3)), ["Neurons.E", "(4,)", "(3,)"]),
    "an unknown solver": (lambda: cells(method="rk5"), ["rk5", "rk4"]),
    "an unsuitable solver": (
        lambda: cells("dv/dt = v**2/mV/tau + E/tau : mV", method="exact"), ["exact", "not linear", "rk4"]),
    "a negative refractory time": (lambda: cells(refractory=-1.0), ["refractory", ">= 0", "-1.0"]),
    "a rate that is NaN": (lambda: Poisson(3, np.nan), ["Poisson.rates", "nan"]),
    "a rate below 0": (lambda: Poisson(3, [1.0, -4.0, 2.0]), ["Poisson.rates", ">= 0", "-4.0"]),
    "a spike of nobody": (lambda: SpikeGenerator(2, [0, 2], [1.0, 2.0]), ["SpikeGenerator", "0..1", "2"]),
    "a spike before the start": (lambda: SpikeGenerator(2, [0], [-1.0]), ["SpikeGenerator.times", "-1.0"]),
    "two spikes in one step": (
        lambda: Network({"g": SpikeGenerator(2, [1, 1], [1.0, 1.01])}).build(dt=0.1), ["g", "1", "two"]),
    "a table of NaN": (lambda: TimedArray([0.0, np.nan], dt=1.0), ["TimedArray", "[1]", "nan"]),
    "a list of starts": (lambda: cells(initial=[1]), ["Neurons.initial", "dict", "[1]"]),
    "a list of starts by a name": (lambda: LIF(3, initial=[1]), ["LIF.initial", "dict", "[1]"]),
    "a list of starts of a join": (lambda: joined(initial=[1]), ["initial", "dict", "[1]"]),
    "a time constant of 0": (
        lambda: Network({"c": cells(tau=0.0)}).build(dt=0.1), ["c:", "exact", "0.1 ms", "E = -45", "tau = 0"]),
    "a time constant of 0 of a join": (
        lambda: joined(model="dx/dt = -x/tau : mV (event-driven)", on_pre="x += w; v += x", tau=0.0).build(dt=0.1),
        ["exc_to_inh", "exact", "tau = 0"]),
    "a sum without end": (
        lambda: cells("dv/dt = (" + " + ".join(["E"] * 3000) + ")/tau : mV"), ["line 1", "nested too deeply"]),
    "a lasting rate below 0 as text": (lambda: Poisson(3, "-3*Hz*(i + 1)"), ["Poisson.rates", ">= 0", "-3.0 Hz"]),
    "a lasting rate above one spike per step as text": (
        lambda: Network({"p": Poisson(3, "20000*Hz")}).build(dt=0.1), ["p:", "Poisson.rates", "20000 Hz", "10000 Hz"]),
    "a rate above one spike per step": (
        lambda: Network({"p": Poisson(3, 20000.0)}).build(dt=0.1), ["p:", "Poisson.rates", "20000 Hz", "10000 Hz"]),
    "a probability above 1": (lambda: Bernoulli(1.5), ["Bernoulli", "[0, 1]", "1.5"]),
    "a negative delay": (lambda: joined(delay=-0.5), ["exc_to_inh", "delay", "> 0", "-0.5"]),
    "a delay of 0": (lambda: joined(delay=0.0), ["exc_to_inh", "delay", "> 0", "0.0"]),
    "a NaN delay": (lambda: joined(delay=np.nan), ["exc_to_inh", "delay", "finite", "nan"]),
    "a delay below a step": (
        lambda: joined(delay=0.04).build(dt=0.1), ["exc_to_inh", "delay", "0.1", "0.04"]),
    "one of many delays below a step": (
        lambda: joined(rule=FromArrays([0, 1], [0, 1]), delay=[0.5, 0.01]).build(dt=0.1),
        ["exc_to_inh", "delay", "0.1", "0.01"]),
    "a delay in mV": (lambda: joined(delay=quantity(1.0, "mV")), ["exc_to_inh", "delay", "mV", "ms"]),
    "a delay as text": (lambda: joined(delay="1 ms"), ["exc_to_inh", "delay", "1 ms"]),
    "a distribution of negative delays": (
        lambda: joined(delay=Uniform(-3.0, -1.0)), ["exc_to_inh", "delay", "> 0 ms", "-3.0", "-1.0"]),
    "a distribution of delays below a step": (
        lambda: joined(delay=Uniform(0.01, 2.0)).build(dt=0.1), ["exc_to_inh", "delay", "0.1 ms", "0.01 ms"]),
    "a distribution with hardly a delay above 0": (
        lambda: joined(delay=Normal(-5.0, 0.1)).build(dt=0.1),
        ["exc_to_inh", "delay", "0.1 ms", "Normal", "-5.0", "in ms"]),
    "a delay without end": (
        lambda: joined(delay=1e12).build(dt=0.1), ["exc_to_inh", "delay", "1,000,000 steps", "100000 ms", "1e+12 ms"]),
    "delays without end": (
        lambda: joined(delay=Normal(1e12, 1.0)).build(dt=0.1),
        ["exc_to_inh", "delay", "1,000,000 steps", "100000 ms", "Normal", "in ms"]),
    "a NaN weight": (lambda: joined(w=np.nan), ["exc_to_inh", "w", "finite", "nan"]),
    "one NaN weight of many": (
        lambda: joined(rule=FromArrays([0, 1], [0, 1]), w=[1.0, np.nan]), ["exc_to_inh", "w", "nan"]),
    "a distribution with NaN": (lambda: joined(w=Normal(np.nan, 1.0)), ["Normal", "nan"]),
    "a weight in ms": (lambda: joined(w=quantity(3.0, "ms")), ["exc_to_inh", "w", "mV", "ms"]),
    "a weight drawn in ms": (lambda: joined(w="3*ms*rand()").build(dt=0.1), ["exc_to_inh", "w", "mV", "ms"]),
    "too few weights": (
        lambda: joined(rule=FromArrays([0, 1], [0, 1]), w=[1.0]).build(dt=0.1), ["exc_to_inh.w", "2"]),
    "a target part that is not there": (lambda: joined(target="inhh"), ["inhh", "did you mean 'inh'"]),
    "a source part that is not there": (lambda: joined(source="ex"), ["ex", "did you mean 'exc'"]),
    "a target neuron that is not there": (
        lambda: joined(rule=FromArrays([0, 1], [0, 2])).build(dt=0.1), ["target", "[0, 2)", "2"]),
    "a negative target neuron": (
        lambda: joined(rule=FromArrays([0, 1], [0, -1])).build(dt=0.1), ["target", "-1"]),
    "a target variable that is not there": (lambda: joined(on_pre="g += w"), ["g"]),
    "a constant as target": (lambda: joined(on_pre="E += w"), ["'E'", "constant", "v"]),
    "more in than there are": (
        lambda: joined(rule=FixedInDegree(9, multiple=False)).build(dt=0.1), ["FixedInDegree", "9", "4"]),
    "a drive of a part that is not there": (
        lambda: Network({"exc": cells()}).drive("ex", "v += w", rate=3.0, w=1.0), ["ex", "'exc'"]),
    "a drive with a negative rate": (
        lambda: Network({"exc": cells()}).drive("exc", "v += w", rate=-3.0, w=1.0), ["rate", "-3.0"]),
    "a drive with a NaN rate": (
        lambda: Network({"exc": cells()}).drive("exc", "v += w", rate=np.nan, w=1.0), ["rate", "finite", "nan"]),
    "a drive with a NaN weight": (
        lambda: Network({"exc": cells()}).drive("exc", "v += w", rate=3.0, w=np.nan), ["w", "finite", "nan"]),
    "a negative duration": (lambda: run(duration=-5.0), ["duration", "-5"]),
    "a NaN duration": (lambda: run(duration=np.nan), ["duration", "nan"]),
    "a duration between steps": (lambda: run(duration=5.05), ["duration", "0.1", "5.05"]),
    "a duration in mV": (lambda: run(duration=quantity(5.0, "mV")), ["duration", "mV", "ms"]),
    "a step of 0": (lambda: run(dt=0.0), ["dt", "> 0", "0.0"]),
    "a backend that is not there": (lambda: run(backend="nmba"), ["nmba", *backend_names()]),
    "a precision that is not there": (lambda: run(dtype="float16"), ["float16", "float32", "float64"]),
    "a negative seed": (lambda: run(seed=-1), ["seed", ">= 0", "-1"]),
    "no replicas": (lambda: run(replicas=0), ["replicas", ">= 1", "0"]),
    "no backend": (lambda: run(backend=None), ["backend", "None", *backend_names()]),
    "two durations": (lambda: run(duration=[1.0, 2.0]), ["duration", "1.", "2."]),
    "two time steps": (lambda: run(dt=[0.1, 0.2]), ["dt", "0.1", "0.2"]),
    "far too many threads": (lambda: run(threads=10**6), ["threads", "at most", "cores", "1000000"]),
    "no precision": (lambda: run(dtype=None), ["dtype", "None", "float32"]),
    "a memory limit as text": (lambda: run(memory_limit="x"), ["memory_limit", "bytes", "'x'"]),
    "a negative memory limit": (lambda: run(memory_limit=-5), ["memory_limit", ">= 0", "-5"]),
    "a number as a path": (lambda: run(path=5), ["path", "5"]),
    "overwriting perhaps": (lambda: run(path="x", overwrite="no"), ["overwrite", "True or False", "'no'"]),
    "an option that there is not": (lambda: run(replica=2), ["replica", "replicas"]),
    "a number as progress": (lambda: run(progress=5), ["progress", "callable", "5"]),
    "a number as a variable": (lambda: session().get(5), ["5", "exc.v"]),
    "a checkpoint nowhere": (lambda: session().save(None), ["file", "None"]),
    "a checkpoint from nowhere": (lambda: Simulation.load(None), ["file", "None"]),
    "a record of a number": (lambda: run(record=5), ["record", "5"]),
    "a record at NaN": (lambda: run(record=[("exc.v", np.nan)]), ["exc.v", "interval", "nan"]),
    "half a thread": (lambda: run(threads=0.5), ["threads", "0.5"]),
    "a record of nobody": (lambda: run(record=["ex.spikes"]), ["ex.spikes", "exc.spikes"]),
    "a record of nothing": (lambda: run(record=["exc.u"]), ["exc.u", "exc.v"]),
    "a record past the end": (lambda: run(record=["exc.v[7]"]), ["exc.v[7]", "0..3"]),
    "a record too often": (lambda: run(record=[("exc.v", 0.05)]), ["exc.v", "0.1", "0.05"]),
    "a network that is none": (lambda: run({"exc": cells()}), ["Network"]),
    "an empty network": (lambda: run(Network()), ["no parts"]),
    "a checkpoint that is not there": (lambda: Simulation.load("/nowhere/x"), ["/nowhere/x"]),
    "a recording that is not there": (lambda: Recording.load("/nowhere/x"), ["/nowhere/x"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_by_name(mistake, monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(os, "getlogin", lambda: called.append(True) or 1)
    monkeypatch.chdir(tmp_path)
    make, mentioned = MISTAKES[mistake]
    with pytest.raises(NeurosimError) as caught:
        make()
    message = str(caught.value)
    missing = [word for word in mentioned if word not in message]
    assert not missing, f"{message!r} does not mention {missing}"
    assert len(message) < 600 and "\n\n" not in message
    assert not called
    assert not list(tmp_path.iterdir())


def test_a_mistaken_join_leaves_the_network_as_it_was():
    net = Network({"exc": cells(), "inh": cells(size=2)})
    before = net.to_dict()
    for changes in ({"w": np.nan}, {"delay": -1.0}, {"on_pre": "u += w"}, {"target": ["inh", "nobody"]}):
        given = {"target": "inh", "on_pre": "v += w", "w": 0.5, **changes}
        with pytest.raises(NeurosimError):
            net.connect("exc", given.pop("target"), AllToAll(), **given)
    with pytest.raises(NeurosimError):
        net.drive("exc", "v += w", rate=-1.0, w=1.0)
    assert net.to_dict() == before


def file_in_the_way(tmp_path):
    """A path below a regular file, where nobody can write, not even root."""
    (tmp_path / "file").write_text("precious")
    return tmp_path / "file" / "below"


def check_untouched(tmp_path):
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "precious"


def test_an_output_folder_that_cannot_be_written_is_told_before_the_run(tmp_path):
    where = file_in_the_way(tmp_path)
    told = []
    with pytest.raises(RecordingError, match="below"):
        run(path=where, progress=lambda done, total: told.append(done))
    assert not told
    check_untouched(tmp_path)


@pytest.mark.parametrize("name", ["folder", "archive.npz"])
def test_a_recording_that_cannot_be_saved_is_told_and_nothing_is_left(tmp_path, name):
    where = file_in_the_way(tmp_path)
    with pytest.raises(RecordingError, match="below"):
        run().save(where / name)
    check_untouched(tmp_path)


def test_a_checkpoint_that_cannot_be_saved_is_told_and_nothing_is_left(tmp_path):
    where = file_in_the_way(tmp_path)
    simulation = session()
    simulation.run(5.0)
    with pytest.raises(CheckpointError, match="below"):
        simulation.save(where)
    check_untouched(tmp_path)
    simulation.save(tmp_path / "state")  # the session lives
    assert Simulation.load(tmp_path / "state", backend="reference").time == 5.0


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    for write in (lambda: run(path=tmp_path), lambda: run().save(tmp_path)):
        with pytest.raises(RecordingError):
            write()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_an_earlier_checkpoint_survives_a_failed_save(tmp_path, monkeypatch):
    simulation = session()
    simulation.run(5.0)
    simulation.save(tmp_path / "state")
    before = (tmp_path / "state").read_bytes()

    def full(*arguments, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(CheckpointError, match="No space left"):
        simulation.save(tmp_path / "state")
    assert (tmp_path / "state").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_every_truncation_of_a_checkpoint_is_refused(tmp_path):
    simulation = session()
    simulation.run(5.0)
    simulation.save(tmp_path / "state")
    whole = (tmp_path / "state").read_bytes()
    cuts = {0, 1, 4, len(whole) // 3, len(whole) // 2, len(whole) - 30, len(whole) - 1}
    for cut in sorted(cuts):
        (tmp_path / "cut").write_bytes(whole[:cut])
        with pytest.raises(CheckpointError, match="cut"):
            Simulation.load(tmp_path / "cut", backend="reference")


def test_every_changed_byte_of_a_checkpoint_is_refused_or_harmless(tmp_path):
    simulation = session()
    simulation.run(5.0)
    simulation.save(tmp_path / "state")
    whole = (tmp_path / "state").read_bytes()
    rng = np.random.default_rng(7)
    refused = 0
    for place in rng.choice(len(whole), 60, replace=False):
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "changed").write_bytes(changed)
        try:
            loaded = Simulation.load(tmp_path / "changed", backend="reference", progress=False)
        except CheckpointError:
            refused += 1
        else:  # a byte that nobody reads, such as a time stamp of the archive
            assert loaded.time == 5.0
            assert np.array_equal(loaded.get("exc.v"), simulation.get("exc.v"))
    assert refused > 30


def test_every_changed_byte_of_a_recording_is_refused_or_harmless(tmp_path):
    given = run(duration=20.0, record=["exc.v", "exc.spikes"])
    given.save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    rng = np.random.default_rng(7)
    refused = 0
    for place in rng.choice(len(whole), 120, replace=False):
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "changed.npz").write_bytes(changed)
        try:
            loaded = Recording.load(tmp_path / "changed.npz")
        except RecordingError:
            refused += 1
        else:
            assert np.array_equal(loaded["exc.v"].values, given["exc.v"].values)
            assert np.array_equal(loaded["exc.spikes"].times, given["exc.spikes"].times)
    assert refused > 60


def test_a_whole_float_is_taken_for_a_whole_number():
    for part in (Neurons(3.0), LIF(3.0), Poisson(3.0, 5.0), SpikeGenerator(3.0, [0], [1.0])):
        assert type(part.size) is int
        Network({"a": part}).build(dt=0.1)
    assert type(FixedInDegree(2.0).degree) is int
    assert Network({"exc": cells(size=4.0)}) == Network({"exc": cells()})


def test_every_changed_byte_at_the_head_of_a_checkpoint_is_refused_or_harmless(tmp_path):
    simulation = session()
    simulation.save(tmp_path / "state")
    whole = (tmp_path / "state").read_bytes()
    end = whole.rindex(b"PK\x05\x06")
    first = int.from_bytes(whole[end + 16 : end + 20], "little")  # where the table of contents begins
    for place in (*range(40), *range(first, first + 50), *range(end, len(whole))):
        for value in (0x00, 0xFF):
            changed = bytearray(whole)
            changed[place] = value
            (tmp_path / "changed").write_bytes(changed)
            try:
                loaded = Simulation.load(tmp_path / "changed", backend="reference", progress=False)
            except CheckpointError:
                continue
            assert np.array_equal(loaded.get("exc.v"), simulation.get("exc.v"))


def test_every_truncation_of_a_recording_is_refused(tmp_path):
    run(duration=20.0, record=["exc.v", "exc.spikes"]).save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    for cut in (0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.npz").write_bytes(whole[:cut])
        with pytest.raises(RecordingError, match=r"cut\.npz"):
            Recording.load(tmp_path / "cut.npz")


def test_a_name_that_neurosim_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Nuerons"):
        _ = neurosim.Nuerons
