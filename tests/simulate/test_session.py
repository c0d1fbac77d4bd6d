"""Sessions: running on, looking, changing, saving, stopping."""

import signal

import numpy as np
import pytest

from neurosim import LIF, Network, Neurons, Recording, Simulation, simulate
from neurosim.connectivity import FixedInDegree, Uniform
from neurosim.errors import CheckpointError, DescriptionError, NetworkError, NonFiniteError
from neurosim.simulate import Interrupted

RECORD = ["cell.spikes", "cell.v[:3]"]


def noisy():
    net = Network(
        {
            "cell": Neurons(
                30,
                "dv/dt = (E - v)/tau + s*xi : mV (unless refractory)",
                threshold="v > -50",
                reset="v = -60",
                refractory=1.0,
                E=-51.0,
                tau=10.0,
                s="1*mV/ms**0.5",
                initial={"v": "-60 + 9*rand()"},
            )
        }
    )
    net.connect(
        "cell", "cell", FixedInDegree(5), on_pre="v += w", w=Uniform(0.0, 1.0), delay=Uniform(0.5, 3.0)
    )
    net.drive("cell", "v += w", rate=100.0, w=1.0)
    return net


def session(net=None, **more):
    return Simulation(
        net or noisy(), **{"backend": "reference", "record": RECORD, "seed": 3, "progress": False, **more}
    )


def same(one, other):
    return (
        np.array_equal(one["cell.spikes"].times, other["cell.spikes"].times)
        and np.array_equal(one["cell.spikes"].indices, other["cell.spikes"].indices)
        and np.array_equal(one["cell.v"].values, other["cell.v"].values)
    )


def test_a_run_in_pieces_equals_the_whole(backend):
    pieces = session(backend=backend)
    for duration in (0.1, 3.3, 7.6, 9.0):
        recording = pieces.run(duration)
    whole = simulate(noisy(), 20.0, record=RECORD, seed=3, backend=backend, progress=False)
    assert len(whole["cell.spikes"].times) > 20
    assert same(recording, whole)
    assert pieces.time == 20.0


def test_a_saved_and_loaded_run_goes_on_to_the_same_bits(backend, tmp_path):
    first = session(backend=backend)
    first.run(7.3)
    first.save(tmp_path / "state.npz")
    whole = first.run(10.0)
    loaded = Simulation.load(tmp_path / "state.npz", noisy(), backend=backend, record=RECORD, progress=False)
    assert loaded.time == pytest.approx(7.3)
    rest = loaded.run(10.0)
    late = whole["cell.spikes"].times >= 7.3 - 1e-9
    assert late.sum() > 5
    assert np.array_equal(rest["cell.spikes"].times, whole["cell.spikes"].times[late])
    assert np.array_equal(rest["cell.v"].values, whole["cell.v"].values[73:])


def test_what_was_set_is_saved(tmp_path):
    net = Network({"cell": LIF(2)})
    net.connect("cell", "cell", FixedInDegree(1), on_pre="v += w", w=Uniform(0.0, 1.0))
    first = session(net, record=())
    first.set("cell_to_cell.w", 0.75)
    first.save(tmp_path / "state")
    assert Simulation.load(tmp_path / "state", backend="reference").get("cell_to_cell.w").tolist() == [
        0.75,
        0.75,
    ]


def test_a_variable_is_read_and_set_by_name_in_display_units():
    run = session(Network({"cell": Neurons(2, "r : Hz", initial={"r": 40.0})}), record=())
    assert run.get("cell.r") == pytest.approx([40.0, 40.0])
    run.set("cell.r", [10.0, 20.0])
    assert run.get("cell.r") == pytest.approx([10.0, 20.0])


def test_an_unknown_variable_offers_the_nearest():
    run = session()
    for call in (lambda: run.get("cel.v"), lambda: run.set("cel.v", 1.0)):
        with pytest.raises(NetworkError, match="did you mean 'cell.v'"):
            call()


def test_a_constant_that_solvers_used_cannot_be_set():
    with pytest.raises(NetworkError, match="cell.tau is a constant of 'cell'"):
        session().set("cell.tau", 5.0)


@pytest.mark.parametrize("values", [np.nan, [1.0, 2.0], "high"])
def test_a_wrong_value_is_refused(values):
    with pytest.raises(DescriptionError, match=r"cell\.v"):
        session().set("cell.v", values)


def test_a_truncated_file_is_refused(tmp_path):
    session().save(tmp_path / "state")
    whole = (tmp_path / "state").read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:cut])
        with pytest.raises(CheckpointError, match="damaged"):
            Simulation.load(tmp_path / "cut")


def test_a_changed_number_is_found_by_the_digest(tmp_path):
    session().save(tmp_path / "state")
    with np.load(tmp_path / "state") as file:
        arrays = dict(file)
    arrays["cell.v"][0] += 1.0
    with open(tmp_path / "changed", "wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(CheckpointError, match="digest"):
        Simulation.load(tmp_path / "changed")


def test_a_foreign_or_missing_file_is_refused(tmp_path):
    np.savez(tmp_path / "foreign.npz", a=np.ones(3))
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "text").write_text("hello")
    for name in ("foreign.npz", "pickle.npy", "text", "missing"):
        with pytest.raises(CheckpointError):
            Simulation.load(tmp_path / name)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    session().save(tmp_path / "state")
    with pytest.raises(CheckpointError, match="another network"):
        Simulation.load(tmp_path / "state", Network({"cell": LIF(30)}))


def test_an_unwritable_folder_is_told_and_nothing_is_left(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be written"):
        session().save(tmp_path / "nowhere" / "state")
    assert not list(tmp_path.iterdir())


def test_saving_leaves_one_whole_file(tmp_path):
    for _ in range(2):
        session().save(tmp_path / "state")
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


class Interrupting:
    """A progress callback in which Ctrl-C is pressed ``times`` times, once and for all.

    The signal is raised in the main thread while a run waits for the callback, so it can meet nothing else.
    """

    def __init__(self, times=1):
        self.left, self.calls = times, 0

    def __call__(self, done, total):
        self.calls += 1
        if total > 1000.0 and self.calls > 2:
            raise AssertionError("the run went on after Ctrl-C")
        while self.left:
            self.left -= 1
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def python_interrupts():
    """Python's own handler, which a test runner in the background lacks."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("python_interrupts")
def test_ctrl_c_keeps_what_was_recorded_and_the_session_runs_on():
    run = session(progress=Interrupting())
    with pytest.warns(Interrupted, match="stopped by Ctrl-C"):
        recording = run.run(1_000_000.0)
    reached = run.time
    assert 0.0 < reached < 1_000_000.0 and not recording.finished
    assert len(recording["cell.v"].values) == round(reached / 0.1)
    assert len(run.run(1.0)["cell.v"].values) == round(reached / 0.1) + 10
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("python_interrupts")
def test_simulate_gives_the_recording_after_ctrl_c():
    with pytest.warns(Interrupted):
        recording = simulate(noisy(), 1_000_000.0, record=RECORD, backend="reference", progress=Interrupting())
    assert not recording.finished and len(recording["cell.v"].values) > 0


@pytest.mark.usefixtures("python_interrupts")
def test_a_second_ctrl_c_does_not_wait():
    run = session(progress=Interrupting(times=2))
    with pytest.raises(KeyboardInterrupt):
        run.run(1_000_000.0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_program_that_handles_ctrl_c_itself_is_left_to_it():
    heard = []

    def handler(number, frame):
        heard.append(number)

    before = signal.signal(signal.SIGINT, handler)
    try:
        assert session(progress=Interrupting()).run(1.0).finished
        assert heard and signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_loaded_session_records_into_a_folder(tmp_path):
    run = session()
    run.run(5.0)
    run.save(tmp_path / "state")
    options = {"backend": "reference", "record": RECORD, "progress": False, "path": tmp_path / "folder"}
    later = Simulation.load(tmp_path / "state", **options)
    later.run(5.0)
    recording = later.finish()
    kept = Recording.load(tmp_path / "folder")
    assert kept.start == 5.0 and np.array_equal(kept["cell.v"].values, recording["cell.v"].values)


def test_nothing_is_recorded_for_none():
    assert list(session(record=None).run(1.0)) == []


def test_a_session_whose_state_exploded_does_not_run_on():
    run = session(
        Network({"cell": Neurons(1, "dx/dt = x**2/ms : 1", initial={"x": 1.0}, method="euler")}), record=()
    )
    with pytest.raises(NonFiniteError):
        run.run(100.0)
    assert np.isfinite(run.get("cell.x")).all()
    with pytest.raises(DescriptionError, match="cannot run on"):
        run.run(1.0)


def test_info_tells_backend_and_sizes(pytestconfig):
    info = session().info()
    backend = "cupy" if pytestconfig.getoption("--cuda") else "reference"
    assert info["backend"] == backend and info["neurons"] == 30 and info["edges"] == 150
