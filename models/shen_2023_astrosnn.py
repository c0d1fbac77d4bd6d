r"""Shen et al. (2023): astrocytes that modulate spiking neurons give them a long memory, in the style of AstroSNN.

.. math::
    a \leftarrow \rho a + (1 - \rho) s, \qquad
    u \leftarrow \lambda u (1 - s) + (1 + \kappa \tanh(a - a_0)) W z, \qquad s \leftarrow H(u - \theta)

Of the paper only the abstract was to be had: feedback of astrocytes, after the tripartite synapse, modulates spiking
neurons, which then keep memories and model language. Equations, numbers and tests are inferred, so no claim here is a
number of the paper.

References
----------
Shen et al. (2023). doi:10.48550/arXiv.2312.07625 (abstract)
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Poisson, TimedArray, simulate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import OneToOne
from neurosim.families import Afferents, ModulatedLIF
from neurosim.tasks import Range, ReberGrammar

SYMBOLS, SHOWN, SEEDS = 8, 5, (0, 1, 2)
TRAINED, TESTED = 800, 400
LETTERS = "BTSXVPE"


def build(size: int = 64, kappa: float = 0.5, source: str = "own", group: int = 1, rate: float = 100.0,
          weights_seed: int = 0) -> Network:
    """Untrained neurons driven by Poisson spikes; a step of 1 ms is a step of the equations.

    Parameters
    ----------
    size, group
        Number of neurons, and how many share an astrocyte.
    kappa, source
        Strength of the modulation, and what astrocytes sense.
    rate
        Of each input, Hz.
    weights_seed
        Of the weights.
    """
    units = ModulatedLIF(size, inputs="lines", lines=SYMBOLS + 1, kappa=kappa, source=source, group=group,
                         seed=weights_seed)
    net = Network({"source": Poisson(SYMBOLS + 1, rate), "lines": Afferents(SYMBOLS + 1), "units": units})
    net.connect("source", "lines", OneToOne(), on_pre="x += 1")
    return net


def retention(tau: float, *, backend: str = "numba", seed: int = 0) -> float:
    """Steps in which the modulation falls to 1/e after a single spike, less the astrocyte's time constant."""
    pulse = np.zeros((5, 1))
    pulse[1] = 1.0
    unit = ModulatedLIF(1, inputs="lines", weights=[[2.0]], tau_a=tau, a0=0.0)
    net = Network({"lines": Afferents(1, x=TimedArray(pulse, 1.0)), "unit": unit})
    m = simulate(net, 5.0 + 2 * tau, dt=1.0, record=["unit.m"], dtype="float64", backend=backend, seed=seed,
                 progress=False)["unit.m"].values[:, 0]
    peak = int(m.argmax())
    return float(np.flatnonzero(m[peak:] <= m[peak] / np.e)[0] - tau)


def spikes_apart(*, backend: str = "numba", seed: int = 0) -> float:
    """In how many of 400 steps of 64 neurons kappa = 0 differs from a loop over plain leaky neurons."""
    z = _drawn(400, 2, 0.3, np.random.default_rng(seed))[0][:400, 0]
    unit = ModulatedLIF(64, inputs="lines", lines=SYMBOLS + 1, kappa=0.0, seed=seed)
    net = Network({"lines": Afferents(SYMBOLS + 1, x=TimedArray(z, 1.0)), "units": unit})
    found = simulate(net, 400.0, dt=1.0, record=["units.s"], dtype="float64", backend=backend, progress=False)
    u, s, wanted = np.zeros(64), np.zeros(64), []
    for x in z @ unit.values["W"].T:
        u = np.exp(-0.5) * u * (1 - s) + x
        s = (u > 1.0) * 1.0
        wanted.append(s)
    return float((found["units.s"].values != np.array(wanted)).sum())


def evened(kappa: float, *, backend: str = "numba", seed: int = 0) -> float:
    """Spread of 64 neurons' rates, relative to their mean, over that of plain neurons: 1 is no homeostasis."""
    z = _drawn(400, 2, 0.3, np.random.default_rng(seed))[0][:400, 0]
    spread = []
    for strength in (kappa, 0.0):
        unit = ModulatedLIF(64, inputs="lines", lines=SYMBOLS + 1, kappa=strength, tau_a=64.0, seed=seed)
        net = Network({"lines": Afferents(SYMBOLS + 1, x=TimedArray(z, 1.0)), "units": unit})
        found = simulate(net, 400.0, dt=1.0, record=["units.s"], dtype="float64", backend=backend, progress=False)
        rates = found["units.s"].values[200:].mean(axis=0)
        spread.append(rates.std() / rates.mean())
    return float(spread[0] / spread[1])


def parameters(size: int, lines: int, group: int, **_: Any) -> float:
    """Numbers that can be trained. Nothing is simulated."""
    return float(ModulatedLIF(size, inputs="lines", lines=lines, group=group).parameter_count)


def _drawn(delay: int, trials: int, density: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Trials (T, B, 9) and the symbol of each: it is shown for five steps; distractors follow; the last step asks."""
    z = np.zeros((SHOWN + delay + 1, trials, SYMBOLS + 1))
    symbols = rng.integers(0, SYMBOLS, trials)
    z[:SHOWN, np.arange(trials), symbols] = 1.0
    step, trial = np.nonzero(rng.random((delay, trials)) < density)
    z[SHOWN + step, trial, rng.integers(0, SYMBOLS, step.size)] = 1.0
    z[-1, :, SYMBOLS] = 1.0
    return z, symbols


@lru_cache(maxsize=16)  # claims compare the same runs
def _recalled(delay: int, density: float, kappa: float, read: str, seed: int) -> float:
    import torch

    from neurosim.bridges.torch.astrocytes import AstrocyteModulatedLIF

    unit = ModulatedLIF(64, inputs="lines", lines=SYMBOLS + 1, kappa=kappa, seed=seed)
    z, symbols = _drawn(delay, TRAINED + TESTED, density, np.random.default_rng(seed))
    with torch.no_grad():
        found = AstrocyteModulatedLIF(unit, outputs=("u", "a"), threads=1)(torch.from_numpy(z).float())
    seen = np.concatenate([y[-1].double().numpy() for name, y in zip("ua", found, strict=True) if name in read], axis=1)
    first = seen[:TRAINED]
    seen = np.column_stack([(seen - first.mean(axis=0)) / (first.std(axis=0) + 1e-9), np.ones(len(seen))])
    first, wanted = seen[:TRAINED], np.eye(SYMBOLS)[symbols[:TRAINED]]
    weights = np.linalg.solve(first.T @ first + np.eye(seen.shape[1]), first.T @ wanted)  # ridge
    return float(((seen[TRAINED:] @ weights).argmax(axis=1) == symbols[TRAINED:]).mean())


def recall(delay: int, density: float, kappa: float, read: str, **_: Any) -> float:
    """Share of symbols that a ridge readout of ``u``, or ``ua``, names after a delay; median of three seeds.

    Weights of the 64 neurons are drawn and not trained. At each step of the delay another of the eight symbols is
    shown with probability ``density``.
    """
    return float(np.median([_recalled(delay, density, kappa, read, seed) for seed in SEEDS]))


def gain(delay: int, density: float, kappa: float, read: str, **_: Any) -> float:
    """How much better that is than plain leaky neurons, of which there is only ``u`` to read."""
    return recall(delay, density, kappa, read) - recall(delay, density, 0.0, "u")


def text(letters: int, seed: int) -> str:
    """Strings of the Reber grammar within brackets: the last letter but one repeats the second."""
    rng, grammar, found = np.random.default_rng(seed), ReberGrammar(length=Range(5, 20)), ""
    while len(found) < letters:
        outer = "TP"[int(rng.integers(2))]
        found += f"B{outer}{grammar.valid(rng)}{outer}E"
    return found[:letters]


@lru_cache(maxsize=8)
def _bits(kappa: float, steps: int, seed: int) -> float:
    import torch

    from neurosim.bridges.torch.astrocyte_language import SpikingLanguageModel

    model = SpikingLanguageModel(LETTERS, width=24, blocks=1, kappa=kappa, seed=seed, threads=1)
    taught = model.numbers(text(100_000, seed=1))[:, 0]
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        loss = model.bits(torch.stack([taught[k : k + 81] for k in rng.integers(0, len(taught) - 81, 16)], 1))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        return float(model.bits(model.numbers(text(20_000, seed=2)).reshape(20, -1).T.contiguous()))


def bits(kappa: float, steps: int = 150, **_: Any) -> float:
    """Bits per letter of new text after training on 100,000 letters; median of three seeds."""
    return float(np.median([_bits(kappa, steps, seed) for seed in SEEDS]))


def saved(steps: int = 150, **_: Any) -> float:
    """Share of the bits that the modulation saves."""
    return 1.0 - bits(0.5, steps) / bits(0.0, steps)


def figure(ax, recording=None, **run):
    """The modulation of five of the neurons that spike, whose astrocytes are fast to slow."""
    if recording is None:
        recording = simulate(build(), 500.0, dt=1.0, record=["units.m"], progress=False, **run)
    trace = recording["units.m"]
    moving = np.flatnonzero(np.ptp(trace.values, axis=0))
    for k in moving[np.linspace(0, len(moving) - 1, 5).astype(int)] if len(moving) else ():
        ax.plot(trace.times, trace.values[:, k], label=f"neuron {k}")
    ax.set(xlabel="time (ms)", ylabel="modulation m")
    ax.legend(frameon=False)
    return ax


INFERRED = "inferred: the paper's tests were not to be had"
DELAYED = {"delay": 200, "density": 0.1}

ENTRY = Entry(
    title="Spiking neurons whose input slow astrocytes modulate keep memories",
    paper="Shen, G. et al. (2023). Astrocyte-enabled advancements in spiking neural networks for large language "
    "modeling. doi:10.48550/arXiv.2312.07625",
    family="astrocytes",
    build=build,
    figure=figure,
    differs="equations, numbers and tasks are inferred from the abstract; nothing of the paper's size is trained",
    record=("units.m",),
    duration=500.0,
    dt=1.0,
    claims=(
        *(Claim(f"modulation by one spike falls to 1/e in {tau:g} steps: more steps than that", retention, {"tau": tau},
                low=-1.0, high=1.0, where=INFERRED, why="the trace decays with its own time constant, while tanh is "
                "linear") for tau in (16.0, 256.0)),
        Claim("without modulation it is a plain leaky neuron: spikes that differ", spikes_apart, low=0, high=0,
              where="inferred from the equations", why="the same arithmetic"),
        Claim("astrocytes that weaken what drives them (kappa -2) even out rates: spread over that of plain neurons",
              evened, {"kappa": -2.0}, low=0.0, high=0.95, where="inferred: negative feedback is homeostasis",
              why="below 1"),
        Claim("64 neurons on 9 lines, each with its astrocyte: numbers that are trained", parameters,
              {"size": 64, "lines": 9, "group": 1}, low=832, high=832, where="inferred from the equations",
              why="64 (9 + 4)"),
        Claim("with an astrocyte for eight neurons", parameters, {"size": 64, "lines": 9, "group": 8}, low=776,
              high=776, where="inferred from the equations", why="64 (9 + 3) + 8"),
        Claim("200 steps and 20 distractors after a symbol, u and a name it better than plain neurons, by", gain,
              {**DELAYED, "kappa": 0.5, "read": "ua"}, low=0.2, high=1.0, cost="slow", where=INFERRED,
              why="the least that would count as a long memory"),
        Claim("plain leaky neurons are near chance, 1/8", recall, {**DELAYED, "kappa": 0.0, "read": "u"}, low=0.075,
              high=0.175, cost="slow", where=INFERRED, why="exp(-200/2) of the symbol is left"),
        Claim("without modulation u and a do no better than plain neurons: by", gain,
              {**DELAYED, "kappa": 0.0, "read": "ua"}, low=-0.02, high=0.02, cost="slow", where=INFERRED,
              why="two points", misses="0.88: who reads the trace itself needs no modulation"),
        Claim("u alone names it better than plain neurons, by", gain, {**DELAYED, "kappa": 0.5, "read": "u"}, low=0.2,
              high=1.0, cost="slow", where=INFERRED, why="the modulation is all that tells of the trace",
              misses="0.06: with twenty distractors the modulation of one step carries little of it"),
        Claim("with four distractors u alone does, by", gain,
              {"delay": 200, "density": 0.02, "kappa": 0.5, "read": "u"}, low=0.2, high=1.0,
              cost="slow", where=INFERRED, why="the same"),
        Claim("a language model of such neurons saves bits per letter, a share of", saved, low=0.03, high=1.0,
              cost="slow", where=INFERRED, why="three percent in three seeds, as against kappa = 0",
              misses="0.019, -0.008 and 0.002 by seed: sums over keys and values remember enough for this grammar"),
        Claim("and it has learnt the grammar: bits per letter", bits, {"kappa": 0.5}, low=0.0, high=1.0, cost="slow",
              where=INFERRED, why="letters alone have 2.6 bits, and two are possible at most places"),
    ),
)
