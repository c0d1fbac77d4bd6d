r"""Ahmad & Hawkins (2015): what codes of few active bits among many can hold, and how surely they are told apart.

Codes have w of n bits active and match when they share theta. Of the codes with :math:`w_y` active bits, as many as

.. math:: |\Omega_x(n, w_y, b)| = \binom{w_x}{b} \binom{n - w_x}{w_y - b}

share b with a code x, and a false match is a sum of such counts over their number. Three uses follow: a code is still
known by a sample of its bits, a list of codes can be searched for a match, and the union of M codes tells whether it
holds a code, wrongly with probability :math:`(1 - (1 - w/n)^M)^w`.

The numbers of the claims stand in the paper's text and were recalled, not read; each agrees with its formula.

References
----------
Ahmad & Hawkins (2015). arXiv:1503.07469. doi:10.48550/arXiv.1503.07469
"""

from typing import Any

import numpy as np

from neurosim import Dendrites, Frames, Network, simulate
from neurosim.catalog import Claim, Entry
from neurosim.models.ahmad_hawkins_2016 import random_codes
from neurosim.theory import sdr

CODES = 1000
"""Held and shown in a simulation."""


def build(n: int = 1024, active: int = 8, sampled: int = 4, threshold: int = 2, patterns: int = 1, held: int = 200,
          shown: int = 200, seed: int = 0) -> Network:
    """Detectors of random codes, each of a union of samples, and random codes that they are shown.

    Parameters
    ----------
    n, active
        Number of bits, and of active ones.
    sampled, threshold
        Bits of a code that a detector keeps, and how many of its bits must be active for a match.
    patterns
        Codes that lie over each other in a detector, M.
    held, shown, seed
        Number of detectors and of codes, and the seed that they are drawn from.
    """
    rng = np.random.default_rng(seed)
    bits = np.any(np.stack([random_codes(rng, held, n, sampled) for _ in range(patterns)]), axis=0)
    synapses = np.full((held, bits.sum(axis=1).max()), -1)
    for row, own in zip(synapses, bits, strict=True):
        row[: own.sum()] = np.flatnonzero(own)
    codes = Frames(random_codes(rng, shown, n, active))
    return Network({"bits": codes, "detectors": Dendrites("bits", synapses=synapses, threshold=threshold)})


def false_matches(
    active: int, sampled: int, threshold: int, patterns: int = 1, *, codes: int = CODES, backend: str = "numba",
    seed: int = 0,
) -> float:
    """Fraction of pairs of a detector and a code of 1,024 bits, drawn independently, that match."""
    network = build(active=active, sampled=sampled, threshold=threshold, patterns=patterns, held=codes, shown=codes,
                    seed=seed)
    found = simulate(network, float(codes), dt=1.0, record=["detectors.on"], backend=backend, seed=seed, progress=False)
    return float((np.asarray(found["detectors.on"].values) > 0).mean())


def capacity(**_: Any) -> float:
    """Number of codes with 40 of 2,048 bits active."""
    return float(sdr.codes(2048, 40))


def one_in(
    what: str, n: int, active: int, threshold: int = 0, sampled: int = 0, stored: int = 1, patterns: int = 1, **_: Any
) -> float:
    """One over the probability of a false match; ``what`` is the use that codes are put to.

    Parameters
    ----------
    n, active, threshold
        Number of bits, of active ones, and of those that must match.
    sampled
        Bits that are kept of a code, for a ``pair``; 0 for all.
    stored, patterns
        Number of codes, in a ``list`` and in a ``union``.
    """
    chances = {
        "pair": lambda: sdr.false_match(n, sampled or active, active, threshold),
        "list": lambda: sdr.false_positive_of_set(n, active, active, threshold, stored),
        "union": lambda: sdr.false_member(n, active, patterns),
        "loose union": lambda: sdr.false_positive_of_union(n, active, active, threshold, patterns),
    }
    return 1.0 / float(chances[what]())


def figure(ax, recording=None, *, backend="numba", seed=0):
    """False matches of a union against the number of codes in it, by formula and simulated; of a recording, matches."""
    if recording is not None:
        ax.imshow(recording["detectors.on"].values.T, aspect="auto", interpolation="nearest", cmap="Greys")
        ax.set(xlabel="code", ylabel="detector", title="detectors that match")
        return ax
    counts, simulated = np.arange(1, 61), (10, 20, 30, 40, 60)
    for number, active in enumerate((2, 5, 10, 20)):
        colour = f"C{number}"
        exact = [sdr.false_member(1024, active, int(m)) for m in counts]
        ax.semilogy(counts, exact, color=colour, label=f"w = {active}")
        matches = [false_matches(active, active, active, m, codes=500, backend=backend, seed=seed) for m in simulated]
        ax.semilogy(*zip(*((m, f) for m, f in zip(simulated, matches, strict=True) if f > 0), strict=True), "o",
                    color=colour)
    ax.set(xlabel="codes in the union, M", ylabel="false matches", ylim=(1e-6, 1.5),
           title="1,024 bits, all w must be active; dots are simulated")
    ax.legend()
    return ax


TEXT = "the paper's text (recalled)"

ENTRY = Entry(
    title="Codes of few active bits match in spite of noise, from samples, in lists and in unions",
    paper="Ahmad, S. & Hawkins, J. (2015). Properties of sparse distributed representations and their application to "
    "hierarchical temporal memory. arXiv:1503.07469. doi:10.48550/arXiv.1503.07469",
    family="sparse codes",
    build=build,
    figure=figure,
    differs="the published numbers were recalled, and each was compared with its formula; simulations are ours",
    record=("detectors.on",),
    duration=200.0,
    dt=1.0,
    claims=(
        Claim("codes with 40 of 2,048 bits active", capacity, low=2.365e84, high=2.375e84, where=TEXT,
              why="2.37e84, three digits"),
        Claim("4 of 1,024 bits, half of them must match: one false match in", one_in,
              {"what": "pair", "n": 1024, "active": 4, "threshold": 2}, low=14_586.5, high=14_587.5, where=TEXT,
              why="1/14,587"),
        Claim("20 of 1,024 bits, half of them must match: one false match in", one_in,
              {"what": "pair", "n": 1024, "active": 20, "threshold": 10}, low=1e13, high=np.inf, where=TEXT,
              why="less than one in 10^13"),
        Claim("half of 8 bits kept, half of those must match: one false match in", one_in,
              {"what": "pair", "n": 1024, "active": 8, "sampled": 4, "threshold": 2}, low=3141.5, high=3142.5,
              where=TEXT, why="1/3,142"),
        Claim("half of 20 bits kept, half of those must match: one false match in", one_in,
              {"what": "pair", "n": 1024, "active": 20, "sampled": 10, "threshold": 5}, low=2.45e6, high=2.55e6,
              where=TEXT, why="one in 2.5 million, two digits"),
        Claim("half of 40 of 2,048 bits kept, half of those must match: one false match in", one_in,
              {"what": "pair", "n": 2048, "active": 40, "sampled": 20, "threshold": 10}, low=1e12, high=np.inf,
              where=TEXT, why="better than one in 10^12"),
        Claim("10 codes of 3 of 64 bits, 2 must match: one false match in", one_in,
              {"what": "list", "n": 64, "active": 3, "threshold": 2, "stored": 10}, low=21.5, high=22.9, where=TEXT,
              why="about one in 22: 22.5 by the formula"),
        Claim("10 codes of 12 of 64 bits, 8 must match: one false match in", one_in,
              {"what": "list", "n": 64, "active": 12, "threshold": 8, "stored": 10}, low=2362.5, high=2363.5,
              where=TEXT, why="about one in 2,363"),
        Claim("10 codes of 21 of 1,024 bits, 14 must match: one false match in", one_in,
              {"what": "list", "n": 1024, "active": 21, "threshold": 14, "stored": 10}, low=0.5e20, high=2e20,
              where=TEXT, why="about one in 10^20"),
        Claim("a billion of these codes: one false match in", one_in,
              {"what": "list", "n": 1024, "active": 21, "threshold": 14, "stored": 10**9}, low=1e12, high=np.inf,
              where=TEXT, why="better than one in 10^12"),
        Claim("union of 20 codes of 2 of 1,024 bits: one false match in", one_in,
              {"what": "union", "n": 1024, "active": 2, "patterns": 20}, low=675.0, high=685.0, where=TEXT,
              why="about one in 680"),
        Claim("union of 20 codes of 20 of 1,024 bits: one false match in", one_in,
              {"what": "union", "n": 1024, "active": 20, "patterns": 20}, low=5.35e9, high=5.65e9, where=TEXT,
              why="about one in 5.5 billion"),
        Claim("the same when 19 must be active: one false match in", one_in,
              {"what": "loose union", "n": 1024, "active": 20, "patterns": 20, "threshold": 19}, low=1.18e8,
              high=1.28e8, where=TEXT, why="about one in 123 million",
              misses="178 million by exact counts at the union's expected size, 128 million were bits independent"),
        Claim("simulated: half of 8 bits kept, half of those must match", false_matches,
              {"active": 8, "sampled": 4, "threshold": 2}, low=2.46e-4, high=3.90e-4,
              where="exact value 3.183e-4, the paper's 1/3,142", why="a million pairs: 4 standard errors"),
        Claim("simulated: union of 20 codes of 2 bits", false_matches,
              {"active": 2, "sampled": 2, "threshold": 2, "patterns": 20}, low=1.30e-3, high=1.64e-3,
              where="exact value 1.470e-3, the paper's one in 680",
              why="a million pairs, but unions vary: 4 standard errors and a little"),
    ),
)  # fmt: skip
