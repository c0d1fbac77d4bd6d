"""Macs against their algorithm written as plain loops, and what their options promise."""

import numpy as np
import pytest

from neurosim import LIF, Network, simulate
from neurosim.analysis.codes import SILENT, LogCounts, agreement, winners
from neurosim.connectivity import OneToOne
from neurosim.errors import DescriptionError, NetworkError, RecordingError
from neurosim.families.sparse import (
    ClassField,
    Frames,
    Generalised,
    Hypotheses,
    Logistic,
    Macs,
    Ratchet,
    Simple,
    SpikeFrames,
)
from neurosim.families.sparse.macs import shared_weights
from neurosim.kernels import philox
from neurosim.kernels.philox import stream_number

Q, K, N = 5, 6, 60


def random_frames(count: int, size: int = N, active: int = 8, seed: int = 0) -> np.ndarray:
    """Frames with equally many active features, (T, N)."""
    rng = np.random.default_rng(seed)
    return np.array([np.isin(np.arange(size), rng.choice(size, active, replace=False)) for _ in range(count)])


def run(values: np.ndarray, record: list[str], backend: str = "reference", seed: int = 3, **mac: object):
    """Frames shown to macs called ``mem``, one a step."""
    network = Network({"see": Frames(values), "mem": Macs("see", **{"modules": Q, "cells": K, **mac})})
    return simulate(
        network, float(len(values)), dt=1.0, seed=seed, record=record, backend=backend, dtype="float64", progress=False
    )


def code_of(recording, modules: int = Q, cells: int = K) -> np.ndarray:
    return winners(recording["mem.win"], modules, cells)


CHANCE = {
    "logistic": (
        Logistic(floor=0.1, centre=0.6, slope=0.1),
        lambda v, eta, v0: 1 + (eta - 1) / (1 + np.exp(-(v - 0.6) / 0.1)),
    ),
    "ratchet": (
        Ratchet(),
        lambda v, eta, v0: np.where(v >= 0.999, eta, np.maximum(eta / (1 + np.exp(-4 * (v - v0))), 1)),
    ),
    "generalised": (Generalised(), lambda v, eta, v0: 1 + (eta - 1) / (1 + 0.1 * np.exp(-4 * (v - 1))) ** 8),
    "inside": (Generalised(inside=True), lambda v, eta, v0: 1 + (eta - 1) / (1 + (0.1 * np.exp(-4 * (v - 1))) ** 8)),
    "simple": (Simple(), lambda v, eta, v0: 1 + (eta - 1) / (1 + np.exp(-(26 * v - 13)))),
}


def directly(values, learn, curve, seed, recurrent):
    """Codes (T, Q), familiarity (T,) and weights of one mac, by the published steps."""
    law = CHANCE[curve]
    floor, gamma, chi = law[0].floor, law[0].gamma, law[0].chi * (K if law[0].per_cell else 1)
    up, across = np.zeros((N, Q, K), bool), np.zeros((Q, K, Q, K), bool)
    code, v0, record = np.full(Q, SILENT), 0.5, 0.3
    codes, familiarity = [], []
    for step, x in enumerate(values):
        before = code.copy()
        u = up[x].sum(axis=0) / max(x.sum(), 1)
        v = np.minimum(1.0, u)
        if recurrent and (before >= 0).any():
            v = v * np.minimum(1.0, sum(across[q, k].astype(float) for q, k in enumerate(before)) / (Q - 1))
        g = v.max(axis=1).mean()
        if learn[step] and v.mean() > record and x.any():
            v0, record = min(v0 + 0.004, 0.9), v.mean()
        elif learn[step] and x.any():
            record = max(record, v.mean())
        eta = 1 + (max(0.0, g - floor) / (1 - floor)) ** gamma * chi
        mu = law[1](v, eta, v0) if learn[step] else (v == v.max(axis=1, keepdims=True)).astype(float)
        drawn = philox.uniform(seed, stream_number("mem.choice"), step, np.arange(Q))
        below = np.cumsum(mu, axis=1)
        code = (below > drawn[:, None] * below[:, -1:]).argmax(axis=1) if x.any() else np.full(Q, SILENT)
        if learn[step] and x.any():
            for q, k in enumerate(code):
                up[x, q, k] = True
                for p, earlier in enumerate(before):
                    if p != q and earlier >= 0 and recurrent:
                        across[p, earlier, q, k] = True
        codes.append(code)
        familiarity.append(g)
    return np.array(codes), np.array(familiarity), up, across


def episode() -> tuple[np.ndarray, np.ndarray]:
    """Twelve frames learnt, a gap, and the same again; and where to learn."""
    shown, gap = random_frames(12), np.zeros((1, N), bool)
    return np.concatenate([shown, gap, shown]), np.repeat([True, False], [12, 13])


@pytest.mark.parametrize("curve", list(CHANCE))
def test_every_published_curve_chooses_and_learns_as_its_steps_say(curve):
    values, learn = episode()
    found = run(values, ["mem.win", "mem.G"], curve=CHANCE[curve][0], learn=learn, recurrent=True)
    codes, familiarity, *_ = directly(values, learn, curve, 3, True)
    np.testing.assert_array_equal(code_of(found)[:, 0], codes)
    np.testing.assert_allclose(found["mem.G"].values[:, 0], familiarity, rtol=1e-12)
    assert len(np.unique(codes[:12], axis=0)) > 6


def test_one_trial_is_enough_on_every_backend(backend):
    values, learn = episode()
    found = run(values, ["mem.win", "mem.G", "mem.spikes"], backend, learn=learn, recurrent=True)
    codes, familiarity, *_ = directly(values, learn, "logistic", 3, True)
    mine = code_of(found)
    if backend == "reference":
        assert agreement(mine[:12], mine[13:]).min() == 1.0
        assert (agreement(mine[1:12], mine[13:24]) < 0.6).all()
    assert np.all(mine[12] == SILENT)
    assert found["mem.spikes"].count == 24 * Q
    assert codes.shape == mine[:, 0].shape
    reference = run(values, ["mem.win"], "reference", learn=learn, recurrent=True)
    np.testing.assert_array_equal(mine, code_of(reference))


def test_the_number_of_weights_is_the_published_one():
    """12 x 12 inputs, Q = 9, K = 16, all bottom-up and all horizontal but those within a module: 39,168."""
    part = Macs("see", modules=9, cells=16, recurrent=True)
    assert shared_weights(part, 144) == 39_168
    program = Network({"see": Frames(np.eye(144)), "mem": part}).build(dt=1.0)
    horizontal = np.asarray(program.buffers["mem.H_mask"].initial).sum()
    assert 144 * part.size + horizontal == 39_168


def test_the_expansivity_is_the_documented_one():
    """A floor of 0.1, exponent 2 and chi 100: 801 at G = 1 with 8 cells, and 1 up to the floor."""
    from neurosim.equations import evaluate

    curve = Ratchet()
    for g, expected in ((1.0, 801.0), (0.1, 1.0), (0.0, 1.0)):
        assert evaluate(curve.expansivity, {"G": g, **curve.constants(8)}) == pytest.approx(expected)


def test_an_empty_memory_is_unfamiliar_with_everything_and_answers_by_chance():
    shown = np.repeat(random_frames(1), 60, axis=0)
    found = run(shown, ["mem.win", "mem.G"], learn=False)
    assert np.all(found["mem.G"].values == 0)
    assert len(np.unique(code_of(found), axis=0)) > 30


def test_a_mac_is_silent_outside_its_bounds():
    values = np.concatenate([random_frames(1, active=a) for a in (2, 8, 20)])
    found = run(values, ["mem.active"], fewest=5, most=10)
    assert found["mem.active"].values.ravel().tolist() == [0, 1, 0]


def test_a_code_persists_and_learns_nothing_meanwhile():
    values = random_frames(6)
    found = run(values, ["mem.win"], persistence=3)
    codes = code_of(found)
    assert [bool((codes[k] == codes[k - 1]).all()) for k in range(1, 6)] == [True, True, False, True, True]
    again = run(np.concatenate([values, values[[1]]]), ["mem.G"], persistence=3)
    assert again["mem.G"].values[6, 0] < 0.8  # what was shown while the code lasted is not known


def test_frames_longer_than_a_step_give_the_same_codes():
    values, learn = episode()
    plain = code_of(run(values, ["mem.win"], learn=learn, recurrent=True))
    network = Network(
        {
            "see": Frames(values, frame=4.0),
            "mem": Macs("see", modules=Q, cells=K, learn=learn, recurrent=True, frame=4.0),
        }
    )
    found = simulate(network, 100.0, dt=1.0, seed=3, record=["mem.win"], backend="reference", progress=False)
    slow = code_of(found)[3::4]
    recalled = agreement(slow[:12], slow[13:])
    assert recalled.min() == 1.0
    assert np.all(slow[12] == SILENT) == np.all(plain[12] == SILENT)


@pytest.mark.parametrize("by", ["mac", "cell"])
def test_a_frozen_mac_learns_no_more(by):
    values = random_frames(60)
    found = run(values, ["mem.filled"], freeze=0.3, freeze_by=by)
    filled = found["mem.filled"].values
    limit = 0.3 * N
    if by == "mac":
        total = filled.sum(axis=1)
        assert limit * Q * K <= total[-1] <= limit * Q * K + 8 * Q  # one frame may pass it
        assert total[-1] == total[-10]
    else:
        assert filled[-1].max() <= limit + 8
        assert filled[-1].max() >= limit


def test_competing_codes_are_counted_and_change_what_is_sent():
    """Two stored items without common features, both shown: every module has two rivals."""
    first, second = np.zeros((2, N), bool)
    first[:8], second[8:16] = True, True
    values = np.stack([first, second, first, first | second])
    policy = Hypotheses(above=0.4, how="discount", most=3)
    found = run(values, ["mem.z", "mem.sent", "mem.win"], learn=np.array([1, 1, 0, 0]), hypotheses=policy, seed=5)
    codes = code_of(found)[:, 0]
    rivals = np.mean(1.0 + (codes[0] != codes[1]))
    assert rivals > 1.5
    assert found["mem.z"].values[2:, 0].tolist() == [1.0, np.floor(rivals + 0.5)]
    assert found["mem.sent"].values[3].max() == 1 / np.floor(rivals + 0.5)


def test_falling_back_on_fewer_signals_makes_a_known_frame_familiar_in_a_new_place():
    shown = random_frames(6)
    values = np.concatenate([shown, np.zeros((1, N), bool), shown[::-1]])
    learn = np.repeat([True, False], [6, 7])
    strict = run(values, ["mem.G"], learn=learn, recurrent=True)["mem.G"].values[8:, 0]
    lenient = run(values, ["mem.G", "mem.win"], learn=learn, recurrent=True, backoff=(0.9, 0.93, 0.96))
    assert strict.max() < 0.7
    codes = code_of(lenient)
    assert agreement(codes[:6][::-1], codes[7:]).min() == 1.0


def test_a_part_of_an_item_brings_back_the_whole():
    shown = random_frames(4)
    cue = shown[2].copy()
    cue[np.flatnonzero(cue)[:3]] = False
    found = run(np.concatenate([shown, cue[None]]), ["mem.replayed"], learn=np.array([1, 1, 1, 1, 0]), replay=True)
    whole = found["mem.replayed"].values[-1] == Q
    assert whole[shown[2]].all()
    assert whole.sum() <= shown[2].sum() + 2


def two_levels(**above: object) -> Network:
    """Four macs, each with a quarter of the features, and one above them that answers."""
    values = random_frames(10, active=16)
    values = np.concatenate([values, np.zeros((1, N), bool), values])
    learn = np.repeat([True, False], [10, 11])
    fields = np.arange(4)[:, None] == np.arange(N) // 15
    below = Macs("see", modules=Q, cells=K, macs=4, fields=fields, learn=learn, **above)
    return Network(
        {"see": Frames(values), "low": below, "top": Macs("low", modules=Q, cells=K, learn=learn, recurrent=True)}
    )


def test_a_hierarchy_sees_through_its_fields_and_hears_from_above(backend):
    network = two_levels(above="top")
    found = simulate(
        network,
        21.0,
        dt=1.0,
        seed=1,
        record=["low.win", "top.win", "low.G"],
        backend=backend,
        dtype="float64",
        progress=False,
    )
    low, top = winners(found["low.win"], Q, K), winners(found["top.win"], Q, K)
    assert low.shape == (21, 4, Q)
    assert agreement(low[:10], low[11:]).mean() >= 0.95
    assert agreement(top[:10], top[11:]).mean() >= 0.95
    weights = network.build(dt=1.0).buffers["low.U_mask"].initial.reshape(N, -1)
    assert weights.sum() == N * Q * K  # each feature reaches one mac


def test_neighbours_hear_each_other():
    fields = np.arange(4)[:, None] == np.arange(N) // 15
    ring = np.roll(np.eye(4, dtype=bool), 1, axis=1)
    values = random_frames(3, active=20)
    found = run(values, ["mem.h_n"], macs=4, fields=fields, neighbours=ring)
    assert found["mem.h_n"].values[1:].tolist() == [[Q] * 4] * 2


def test_labels_are_read_from_the_code():
    shown = random_frames(8)
    labels = np.array([0, 0, 1, 1, 2, 2, 0, 1])
    network = Network(
        {
            "see": Frames(np.concatenate([shown, shown])),
            "mem": Macs("see", modules=Q, cells=K, learn=np.repeat([True, False], 8)),
            "kind": ClassField("mem", classes=3, labels=np.concatenate([labels, np.full(8, -1)])),
        }
    )
    found = simulate(
        network, 16.0, dt=1.0, seed=2, record=["kind.support", "mem.win"], backend="reference", progress=False
    )
    support = found["kind.support"].values[8:]
    assert np.all(support[np.arange(8), labels] == Q)
    codes = code_of(found)
    assert LogCounts(codes[:8], labels, K).classify(codes[8:]).tolist() == labels.tolist()


def test_spikes_of_a_population_are_frames_of_a_memory():
    network = Network(
        {
            "cells": LIF(20, i=np.repeat([30.0, 0.0], 10)),
            "seen": SpikeFrames(20, frame=50.0),
            "mem": Macs("seen", modules=4, cells=4, frame=50.0),
            "out": LIF(16),
        }
    )
    network.connect("cells", "seen", OneToOne(), on_pre="count += 1")
    network.connect("mem", "out", OneToOne(), on_pre="v += 30")
    found = simulate(
        network,
        200.0,
        dt=1.0,
        seed=1,
        record=["mem.spikes", "mem.a", "out.spikes"],
        backend="reference",
        progress=False,
    )
    assert found["mem.a"].values[49::50].ravel().tolist() == [10.0] * 4
    assert found["mem.spikes"].count == 16
    assert sorted(set(found["mem.spikes"].times.tolist())) == [49.0, 99.0, 149.0, 199.0]
    assert found["out.spikes"].count == 12  # those of the last step are still under way


def test_bad_descriptions_are_refused_by_name():
    def refused(message: str, kind: type[Exception] = DescriptionError, **changes: object) -> None:
        with pytest.raises(kind, match=message):
            network = Network({"see": Frames(np.eye(4))})
            network.add("mem", Macs(**{"inputs": "see", "modules": 2, "cells": 3, **changes}))
            network.build(dt=1.0)

    refused("Macs.modules must be a whole number >= 1, got 0", modules=0)
    refused("Macs.most must be >= fewest .5., got 2", fewest=5, most=2)
    refused("Macs.most must be >= fewest .1.0., got 'a'", most="a")
    refused("Macs.recurrent must be True or False, got 'no'", recurrent="no")
    refused("Macs.replay must be True or False, got 'no'", replay="no")
    refused("Macs.inputs must be the name of a part, got Frames", inputs=Frames(np.eye(4)))
    refused("Macs.fields must be an array of real numbers", fields=[[1], [1, 0]])
    refused("Macs.learn must be True, False or .T,. of them", learn=[0, 2])
    refused("Macs.exponents must be 3 numbers >= 0", exponents=(1, 2))
    refused("Macs.fields must be truth values, .1, n., got shape .2, 4.", fields=np.ones((2, 4)))
    refused("mem: Macs.fields must be .1, 4., one column for each of the features of 'see'", fields=np.ones((1, 5)))
    refused(
        "mem: Macs.inputs must name a part that shows features .* got 'sea'; did you mean 'see'",
        NetworkError,
        inputs="sea",
    )
    refused("mem: Macs.above must name a part of Macs, got 'see'", above="see")
    refused("Macs.recurrent must be False where neighbours", neighbours=[[1]], recurrent=True)
    refused("Macs.curve must be of neurosim.families.sparse", curve="steep")
    refused("Macs.frame must be a multiple of the time step 1 ms, got 1.5 ms", frame=1.5)
    with pytest.raises(DescriptionError, match=r"Frames.values must be \(T, N\)"):
        Frames([1, 0, 1])
    with pytest.raises(DescriptionError, match="Frames.values must be 0 or 1, got 2"):
        Frames([[0, 2]])
    with pytest.raises(DescriptionError, match="ClassField.labels must be in -1..1, got 2"):
        ClassField("mem", classes=2, labels=[0, 2])
    with pytest.raises(RecordingError, match="there is no code: the recording holds no frame"):
        winners(np.zeros((0, 6)), 2, 3)
    with pytest.raises(RecordingError, match=r"codes must be \(..., M, Q\) of the same macs"):
        agreement(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(RecordingError, match="one label for each"):
        LogCounts(np.zeros((2, 1, 3), int), [0], 4)
    for wrong in ([-1, -1], [0.0, 1.0], [-2, 0]):
        with pytest.raises(RecordingError, match="labels must be whole numbers from 0, or -1 for none"):
            LogCounts(np.zeros((2, 1, 3), int), wrong, 4)
    with pytest.raises(RecordingError, match=r"codes must be \(T, M, Q\) winners in -1..3"):
        LogCounts(np.full((2, 1, 3), 7), [0, 1], 4)
    with pytest.raises(RecordingError, match="codes must have 3 modules as those counted, got 5"):
        LogCounts(np.zeros((2, 1, 3), int), [0, 1], 4).classify(np.zeros((2, 1, 5), int))
    with pytest.raises(RecordingError, match="modules must be a whole number >= 1, got 0"):
        winners(np.zeros((1, 6)), 0, 3)
    with pytest.raises(RecordingError, match="codes must be .* and as many"):
        agreement(np.zeros((2, 1, 3)), np.zeros((4, 1, 3)))


def test_codes_without_a_label_are_not_counted():
    codes, labels = np.random.default_rng(0).integers(0, 4, (6, 1, 3)), np.array([0, 1, -1, 1, -1, 0])
    counted = LogCounts(codes[labels >= 0], labels[labels >= 0], 4)
    np.testing.assert_array_equal(LogCounts(codes, labels, 4).evidence, counted.evidence)


def test_a_memory_survives_being_written_down():
    network = two_levels()
    assert Network.from_yaml(network.to_yaml()) == network
