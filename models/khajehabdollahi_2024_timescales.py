r"""Khajehabdollahi et al. (2024): how a network comes to remember depends on its curriculum.

.. math::
    r \leftarrow \phi\big((1 - 1/\tau) r + (W r + b_r + W_{in} x + b_{in}) / \tau\big)

Units with trained time constants learn N-parity. Asked one N at a time, a network makes some units slow; asked all N up
to the hardest at once, it keeps units fast, lets connections remember, and learns sooner. Here with 64 units up to
N = 9, where the paper has 500 units and N up to 100.

References
----------
Khajehabdollahi et al. (2024). ICLR 2024, doi:10.48550/arXiv.2309.12927, and the authors' code
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim import Network, TimedArray, simulate
from neurosim.analysis import autocorrelations, fitted_timescale, network_timescales
from neurosim.catalog import Claim, Entry
from neurosim.families import Afferents, LeakyRNN
from neurosim.tasks import DelayedMatchToSample, Parity, multi_head, parity, single_head, sliding

CURRICULA: dict[str, Any] = {"single": single_head, "multi": multi_head,
                             "sliding": functools.partial(sliding, heads=3, step=1)}
TASKS = {"parity": Parity, "dms": DelayedMatchToSample}
BATCH, EPOCH, TESTS = 128, 300, 10
"""Trials of a step, steps of an epoch, and batches of 256 on which a stage is judged."""
GOOD = 0.98
FIRST = 2


@dataclass
class Trained:
    """A network that has gone through a curriculum.

    Parameters
    ----------
    module
        The network with its heads.
    solved
        The greatest N solved; 1 when none was.
    epochs
        How many it took.
    heads
        For each N up to the last one asked, in order, the head that was trained for it.
    taus
        Mean time constant behind each stage solved, steps; empty for gated units.
    reached
        The greatest N solved behind each epoch; 1 when none was.
    """

    module: Any
    solved: int
    epochs: int
    heads: tuple[int, ...]
    taus: list[float]
    reached: list[int]


def build(size: int = 64, steps: int = 400, leak: str = "inside", probability: float = 0.5, weights_seed: int = 0
          ) -> Network:
    """An untrained network that is shown random bits.

    Parameters
    ----------
    size
        Number of units.
    steps
        How many bits; the last one stays.
    leak
        ``inside`` the nonlinearity or ``outside``.
    probability
        Of a one.
    weights_seed
        Of weights, time constants and bits.
    """
    return driven(LeakyRNN(size, inputs="lines", leak=leak, seed=weights_seed), steps, probability, weights_seed)


def driven(rnn: LeakyRNN, steps: int, probability: float, seed: int) -> Network:
    """Units and the random bits that they are shown."""
    bits = np.random.default_rng(seed).random((steps, 1)) < probability
    return Network({"lines": Afferents(1, x=TimedArray(bits.astype(float), 1.0)), "units": rnn})


def untrained(units: str, *, size: int, heads: int, seed: int = 0) -> tuple[Any, Any]:
    """A network of ``leaky``, ``gru`` or ``lstm`` units and the optimiser that trains it.

    Leaky units take stochastic gradient descent with rate 0.05 and Nesterov momentum 0.1; gated units of torch take
    Adam with rate 0.001, as the authors' LSTM does.
    """
    import torch

    from neurosim.bridges.torch.baselines import HeadedBaseline
    from neurosim.bridges.torch.timescales import HeadedRNN

    torch.manual_seed(seed)
    if units != "leaky":
        gated = HeadedBaseline(units, size, heads=heads, dtype=torch.float32)
        return gated, torch.optim.Adam(gated.parameters(), 1e-3)
    # threads would wait for each other longer than they work in so small a network
    module = HeadedRNN(LeakyRNN(size, inputs="lines", seed=seed), heads=heads, dtype=torch.float32, threads=1)
    return module, torch.optim.SGD(module.parameters(), 0.05, momentum=0.1, nesterov=True)


def trained(curriculum: str = "multi", *, task: str = "parity", most: int = 9, size: int = 64, epochs: int = 60,
            units: str = "leaky", seed: int = 0) -> Trained:
    """Train a network until it solves N = ``most`` or has had its epochs.

    Gradients are cut at norm 2. A stage is solved when the newest head and the mean of all give more than 98 % right
    answers, tested once an epoch.
    """
    import torch

    stages = list(CURRICULA[curriculum](most))
    module, optimiser = untrained(units, size=size, heads=most - FIRST + 1, seed=seed)
    stage, counts, taus, reached = 0, 0, [], []
    while counts < epochs and stage < len(stages):
        heads = heads_of(curriculum, stages[stage])
        for step in range(EPOCH):
            trials = TASKS[task](n=stages[stage]).draw(BATCH, seed=1_000_000 * (seed + 1) + EPOCH * counts + step)
            optimiser.zero_grad()
            logits = module(torch.from_numpy(trials.time_first()), heads, start=module.drawn_start(BATCH))
            targets = torch.from_numpy(trials.targets.T.copy())
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).mul(len(heads)).backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 2.0)
            optimiser.step()
        counts += 1
        right = tested(module, task, stages[stage], heads, seed=seed + counts)
        if right.mean() > GOOD and right[-1] > GOOD:
            stage += 1
            if units == "leaky":
                taus.append(float(module.parameter("tau").detach().clamp(min=1.0).mean()))
        reached.append(stages[stage - 1][-1] if stage else 1)
    asked = stages[max(stage - 1, 0)]
    return Trained(module, reached[-1], counts, heads_of(curriculum, asked), taus, reached)


def heads_of(curriculum: str, asked: Sequence[int]) -> tuple[int, ...]:
    """The heads of the questions: always the first one, or one for each N."""
    return (0,) * len(asked) if curriculum == "single" else tuple(n - FIRST for n in asked)


def tested(module: Any, task: str, asked: Sequence[int], heads: Sequence[int], *, batches: int = TESTS,
           seed: int = 0) -> np.ndarray:
    """Share of right answers of each head on batches of 256 trials, one length each, (heads,)."""
    import torch

    from neurosim.bridges.torch.timescales import accuracy

    found = []
    for batch in range(batches):
        trials = TASKS[task](n=tuple(asked)).draw(256, seed=batch + 1000 * seed)
        inputs, targets = torch.from_numpy(trials.time_first()), torch.from_numpy(trials.targets)
        found.append(accuracy(module, inputs, targets, heads, start=module.drawn_start(256)).numpy())
    return np.asarray(np.mean(found, axis=0))


@functools.lru_cache(maxsize=8)
def network(curriculum: str, seed: int = 0) -> Trained:
    """The network of a claim, trained once in a process."""
    return trained(curriculum, seed=seed)


def taus_of(found: Trained) -> np.ndarray:
    """Time constants, (N,) steps."""
    return np.asarray(found.module.parameter("tau").detach().clamp(min=1.0).numpy())


def radius(found: Trained) -> float:
    """Greatest absolute eigenvalue of the recurrent weights."""
    return float(np.abs(np.linalg.eigvals(found.module.rnn().values["W"])).max())


def ablated(found: Trained, *, count: int = 8, slow: bool, task: str = "parity", seed: int = 0) -> float:
    """Mean relative accuracy at the last N without one of the ``count`` slowest or fastest units.

    (accuracy - 1/2) / (accuracy of the whole - 1/2); units are removed one at a time, and trials are those of the task.
    """
    import copy

    asked, heads = (FIRST + found.solved - 2,), found.heads[-1:]
    whole = tested(found.module, task, asked, heads, batches=4, seed=seed)[0]
    order = np.argsort(taus_of(found))
    rates = []
    for unit in order[-count:] if slow else order[:count]:
        module = copy.deepcopy(found.module)
        module.ablate(int(unit))
        rates.append(tested(module, task, asked, heads, batches=4, seed=seed)[0])
    return float((np.mean(rates) - 0.5) / (whole - 0.5))


def perturbed(found: Trained, name: str, size: float, *, task: str = "parity", seed: int = 0) -> float:
    """Relative accuracy at the last N where W or tau is moved at random by ``size`` times its norm, mean of 5."""
    import copy

    import torch

    asked, heads = (FIRST + found.solved - 2,), found.heads[-1:]
    whole = tested(found.module, task, asked, heads, batches=4, seed=seed)[0]
    rates = []
    for trial in range(5):
        module = copy.deepcopy(found.module)
        module.perturb(name, size, torch.Generator().manual_seed(trial))
        rates.append(tested(module, task, asked, heads, batches=4, seed=seed)[0])
    return float((np.mean(rates) - 0.5) / (whole - 0.5))


def mediated(rnn: LeakyRNN, *, trials: int = 4, steps: int = 20_000, rule: Any = "guarded", backend: str = "numba",
             seed: int = 0) -> np.ndarray:
    """Timescale of each unit's activity under random bits, (N,) steps, from a simulation; p differs between trials."""
    chances = np.random.default_rng(seed).random(trials)
    rates = []
    for trial, chance in enumerate(chances):
        net = driven(rnn, steps + 500, float(chance), 1000 * seed + trial)
        recording = simulate(net, steps + 500.0, dt=1.0, record=["units.r"], backend=backend, dtype="float64",
                             progress=False)
        rates.append(np.asarray(recording["units.r"].values)[500:])
    return network_timescales(np.stack(rates), rule=rule)


def epochs_ratio(seed: int) -> float:
    """Epochs to the last N, single over multi; one that was cut off before it counts with what it had."""
    return network("single", seed).epochs / network("multi", seed).epochs


def mean_tau(seed: int) -> float:
    """Mean time constant of the multi-head network, steps."""
    return float(taus_of(network("multi", seed)).mean())


def tau_fall(seed: int) -> float:
    """By how much training from N = 2 to the last N lowers the mean time constant of the multi-head network, steps."""
    taus = network("multi", seed).taus
    return taus[0] - taus[-1]


def slower_by(seed: int) -> float:
    """Slowest time constant of the single-head network less that of the multi-head one, steps."""
    return float(taus_of(network("single", seed)).max() - taus_of(network("multi", seed)).max())


def radius_gap(seed: int) -> float:
    """Spectral radius of W, single less multi."""
    return radius(network("single", seed)) - radius(network("multi", seed))


def weight_gap(seed: int) -> float:
    """Mean recurrent weight, single less multi."""
    found = [network(c, seed).module.rnn().values["W"].mean() for c in ("single", "multi")]
    return float(found[0] - found[1])


def single_ablation(seed: int) -> float:
    """Relative accuracy of the single-head network without a fast unit less that without a slow one."""
    found = network("single", seed)
    return ablated(found, slow=False, seed=seed) - ablated(found, slow=True, seed=seed)


def multi_ablation(seed: int) -> float:
    """Relative accuracy of the multi-head network without a slow unit less that without a fast one."""
    found = network("multi", seed)
    return ablated(found, slow=True, seed=seed) - ablated(found, slow=False, seed=seed)


def forgotten(seed: int, earlier: int = 5) -> float:
    """Accuracy of the single-head network's only head on an N that it solved before, for bits of equal chance."""
    import torch

    from neurosim.bridges.torch.timescales import accuracy

    found, rng = network("single", seed), np.random.default_rng(seed)
    rates = []
    for steps in range(found.solved + 3, 4 * found.solved + 3, 3):
        bits = rng.random((256, steps)) < 0.5
        inputs = torch.from_numpy(bits.T[:, :, None].astype(np.float32).copy())
        answers = torch.from_numpy(parity(bits, earlier)[:, None])
        rates.append(float(accuracy(found.module, inputs, answers, (0,), start=found.module.drawn_start(256))))
    return float(np.mean(rates))


MEASURES = {
    f.__name__: f for f in (epochs_ratio, mean_tau, tau_fall, slower_by, radius_gap, weight_gap, single_ablation,
                            multi_ablation, forgotten)
}


def median(measure: str, *, seeds: int = 3, seed: int = 0, **_: Any) -> float:
    """The median of a measure over networks of several seeds; they are trained once in a process."""
    return float(np.median([MEASURES[measure](one) for one in range(seed, seed + seeds)]))


@functools.lru_cache(maxsize=4)
def lone_correlation(tau: float, backend: str = "numba", seed: int = 0) -> np.ndarray:
    """Autocorrelation of lone units of this time constant under noise, mean of 20, (lags,)."""
    zero = {n: np.zeros(s) for n, s in LeakyRNN(20, inputs="lines", lines=20).shapes.items()}
    # an offset keeps the units where they are linear
    weights = {**zero, "tau": np.full(20, tau), "W_in": np.eye(20), "b_in": np.full(20, 20.0)}
    noise = np.random.default_rng(seed).normal(size=(5000, 20))
    units = LeakyRNN(20, inputs="lines", lines=20, weights=weights, start=20.0)
    net = Network({"lines": Afferents(20, x=TimedArray(noise, 1.0)), "units": units})
    recording = simulate(net, 5000.0, dt=1.0, record=["units.r"], backend=backend, dtype="float64", progress=False)
    return np.asarray(autocorrelations(np.asarray(recording["units.r"].values)).mean(axis=1))


def lone_timescale(tau: float, *, backend: str = "numba", seed: int = 0) -> float:
    """Timescale of lone units of this time constant under noise, over -1 / ln(1 - 1 / tau)."""
    return fitted_timescale(lone_correlation(tau, backend, seed)).tau * -float(np.log(1 - 1 / tau))


def stored_values(*, size: int = 500, heads: int = 100, **_: Any) -> float:
    """Numbers of the published network with its heads. Nothing is simulated."""
    count = sum(int(np.prod(s)) for s in LeakyRNN(size, inputs="lines").shapes.values())
    return float(count + heads * 2 * (size + 1))


def figure(ax, recording=None, *, backend="numba", seed=0, curricula=()):
    """How fast lone units forget; of a recording, rates of the first units.

    With ``curricula=CURRICULA`` mean time constants against N, for which networks are trained, some minutes.
    """
    if recording is not None:
        rates = np.asarray(recording["units.r"].values)[:, :8]
        ax.plot(recording["units.r"].times, rates + 0.5 * np.arange(rates.shape[1]))
        ax.set(xlabel="step", ylabel="rates of eight units, 0.5 apart")
        return ax
    if not curricula:
        lags = np.arange(21)
        for tau in (2.0, 5.0):
            (line,) = ax.plot(lags, (1.0 - 1.0 / tau) ** lags, label=f"theory, tau = {tau:g}")
            ax.plot(lags, lone_correlation(tau, backend, seed)[: lags.size], "o", color=line.get_color())
        ax.set(xlabel="lag (steps)", ylabel="autocorrelation", title="Khajehabdollahi et al. (2024): lone units")
        ax.legend()
        return ax
    for curriculum in curricula:
        found = network(curriculum, seed)
        solved = [asked[-1] for asked in CURRICULA[curriculum](9)][: len(found.taus)]
        ax.plot(solved, found.taus, "o-", label=f"{curriculum}, N = {found.solved} solved")
    ax.set(xlabel="N of the hardest parity solved", ylabel="mean tau (steps)", title="Khajehabdollahi et al. (2024)")
    ax.legend()
    return ax


PILOT = "64 units, a pilot program with two seeds"


def _trained_claims() -> tuple[Claim, ...]:
    """Claims on networks trained up to N = 9: medians of three seeds."""
    infinite, code = float("inf"), "the authors' notebooks: "
    rows = (
        ("single-head needs more epochs up to N = 9: ratio", "epochs_ratio", 2.0, infinite,
         code + "242 epochs against 12 up to N = 28", "2.8 and 3.3"),
        ("multi-head does not use time constants: their mean, steps", "mean_tau", 1.0, 1.35, code + "1.39 at N = 11",
         "1.23 and 1.28"),
        ("and lowers them from N = 2 to N = 9, by steps", "tau_fall", 0.0, 0.5,
         code + "1.50 at N = 2, 1.39 at N = 11", "about 0.2"),
        ("single-head has a slower unit, by steps", "slower_by", 0.15, infinite, code + "a wider spread of tau",
         "0.23 and 0.84"),
        ("single-head has the larger spectral radius, by", "radius_gap", 0.4, infinite,
         code + "1.65 against 0.96 at N = 11", "0.63 to 0.85"),
        ("and the lower mean weight, by", "weight_gap", -infinite, 0.0, code + "-0.0021 against -0.0010",
         "-0.014 and -0.015"),
        ("single-head suffers more from the loss of a slow unit than of a fast one: relative accuracy",
         "single_ablation", 0.08, 1.0, code + ".931 against .458 at N = 30", "0.18, of one seed"),
        ("multi-head more from that of a fast one: relative accuracy", "multi_ablation", 0.15, 1.0,
         code + ".799 against 1.000 at N = 30", "0.39, of one seed"),
        ("single-head has forgotten N = 5: accuracy", "forgotten", 0.4, 0.6,
         "abstract: single-head forgets; inferred for one head",
         "not measured; for equally likely bits the parities of 9 and of 5 are independent"),
    )
    return tuple(Claim(text, median, {"measure": measure}, low=low, high=high, where=where, why=f"{PILOT}: {why}",
                       cost="slow") for text, measure, low, high, where, why in rows)


ENTRY = Entry(
    title="A curriculum decides whether units or connections remember",
    paper="Khajehabdollahi, S. et al. (2024). Emergent mechanisms for long timescales depend on training curriculum "
    "and affect performance in memory tasks. ICLR 2024. doi:10.48550/arXiv.2309.12927",
    family="rate",
    build=build,
    figure=figure,
    differs="64 units in place of 500, 300 steps of 128 trials an epoch in place of 600 of 256, N up to 9; ablation "
    "clears all heads, where the authors' code clears the first only, and is tested on trials of the task",
    record=("units.r",),
    duration=400.0,
    dt=1.0,
    claims=(
        Claim("500 units with 100 heads store 352,200 numbers", stored_values, low=352_200, high=352_200,
              where="the authors' code", why="a count"),
        *(Claim(f"a lone unit of tau = {tau:g} has the timescale -1/ln(1 - 1/tau): ratio", lone_timescale,
                {"tau": tau}, low=0.95, high=1.05, where="inferred: the unit is autoregressive of order 1",
                why="three standard errors of 100,000 steps are below 5 %") for tau in (2.0, 5.0)),
        *_trained_claims(),
    ),
)
