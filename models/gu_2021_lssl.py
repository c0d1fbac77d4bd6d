r"""Gu et al. (2021): a linear system remembers the past of its input as a polynomial.

.. math::
    \tau \dot x = A x + B u, \qquad y = C x + D u, \qquad
    x_k = \bar A x_{k-1} + \bar B u_k, \quad \bar A = (I - \alpha \Delta A)^{-1} (I + (1 - \alpha) \Delta A)

The paper's data sets need downloads and hours. What can be had without them is exact: recurrence and convolution are
the same, gates and leaks are special cases, and two of the paper's ablations, of the matrix and of its time scale, show
without any training in how far back a signal can be read from the state.

References
----------
Gu et al. (2021). NeurIPS 2021, doi:10.48550/arXiv.2110.13985, and the authors' code
"""

import functools
from typing import Any

import numpy as np

from neurosim import Network, TimedArray, simulate
from neurosim.analysis import delayed_scores
from neurosim.catalog import Claim, Entry
from neurosim.families import LSSL, Afferents, LeakyRNN, delay_readout, discretised, legs, spread_timescales
from neurosim.families.hippo import krylov
from neurosim.tasks import Delay

STEPS, TRAIN = 6000, (500, 4000)
LAGS = (10, 50, 100, 200, 400)


def build(matrix: str = "legt", states: int = 64, tau: float = 400.0, lags: tuple[float, ...] = (0.0, 100.0, 200.0),
          steps: int = 1000, signal_seed: int = 0) -> Network:
    """A system that is driven by slow noise, and read where its state holds the noise of some time ago.

    Parameters
    ----------
    matrix
        ``legt`` or ``legs``.
    states
        Of the system.
    tau
        Its unit of time, ms: the window of ``legt``.
    lags
        For each output how long ago, ms.
    steps, signal_seed
        Length of the noise, ms, and its seed.
    """
    readout = delay_readout(matrix, states, np.asarray(lags) / tau)
    weights = {"C": readout[None], "D": np.zeros((1, len(lags)))}
    layer = LSSL(len(lags), inputs="lines", states=states, matrix=matrix, tau=tau, weights=weights)
    return driven(layer, noise(steps, signal_seed))


def noise(steps: int = STEPS, seed: int = 0) -> np.ndarray:
    """Gaussian noise below 0.02 per step, with variance 1, (steps,)."""
    return np.asarray(Delay(steps=steps, lag=1, cutoff=0.02).draw(1, seed=seed).inputs[0, :, 0], float)


def driven(part: Any, signal: np.ndarray, dt: float = 1.0) -> Network:
    """A part whose lines all get the signal, (T,), a value a step."""
    table = np.repeat(signal[:, None], part.lines, axis=1)
    return Network({"lines": Afferents(part.lines, x=TimedArray(table, dt)), "layer": part})


def run(part: Any, signal: np.ndarray, record: str, *, dt: float = 1.0, **options: Any) -> np.ndarray:
    """A variable of the part in every step, (T, N)."""
    found = simulate(driven(part, signal, dt), dt * len(signal), dt=dt, record=[f"layer.{record}"], progress=False,
                     **{"dtype": "float64", **options})
    return np.asarray(found[f"layer.{record}"].values)


def remembering(kind: str, tau: float, *, seed: int = 0, states: int = 64) -> LSSL:
    """A system of the delay task: ``legt`` or ``legs``, ``random`` or a bank of ``leaky`` integrators."""
    matrix: Any = kind
    if kind == "random":
        rng = np.random.default_rng(seed)
        # with entries of variance 1/N the matrix would overflow; the paper says "appropriately" only
        matrix = {"A": rng.normal(size=(states, states)) / states - np.eye(states), "B": rng.normal(size=states)}
    if kind == "leaky":
        rate = 1.0 / spread_timescales(states, 1.0, 1000.0)
        matrix = {"A": -np.diag(rate), "B": rate}
    return LSSL(1, inputs="lines", states=states, matrix=matrix, tau=tau, alpha=1.0 if kind == "leaky" else 0.5)


@functools.lru_cache(maxsize=16)
def scores(kind: str, tau: float, lags: tuple[int, ...] = LAGS, backend: str = "numba", seed: int = 0) -> np.ndarray:
    """R squared of the signal at each lag, read from the state of a system by ridge regression, (lags,)."""
    signal = noise(seed=seed)
    states = run(remembering(kind, tau, seed=seed), signal, "x", backend=backend)
    return delayed_scores(states, signal, lags, train=TRAIN)


def remembered(kind: str, tau: float, lag: int, *, backend: str = "numba", seed: int = 0) -> float:
    """R squared of the signal ``lag`` steps ago, read from the state of a system driven by it."""
    return float(scores(kind, tau, LAGS, backend, seed)[LAGS.index(lag)])


def read_untrained(matrix: str, lag: float, *, backend: str = "numba", seed: int = 0) -> float:
    """R squared of the signal ``lag`` ms ago, read from the state with the weights of its polynomial."""
    net = build(matrix, lags=(lag,), steps=2000, signal_seed=seed)
    found = simulate(net, 2000.0, dt=1.0, record=["layer.y"], backend=backend, dtype="float64", progress=False)
    y, signal = np.asarray(found["layer.y"].values)[1000:, 0], noise(2000, seed)[1000 - int(lag) : 2000 - int(lag)]
    return float(1.0 - ((y - signal) ** 2).sum() / ((signal - signal.mean()) ** 2).sum())


def views_apart(dtype: str = "float64", *, backend: str = "numba", seed: int = 0) -> float:
    """Greatest difference between a simulation and the convolution with its kernel, over the greatest output."""
    layer = LSSL(1, inputs="lines", states=16, tau=64.0, seed=seed)
    signal = np.random.default_rng(seed).normal(size=256)
    stepped = run(layer, signal, "y", backend=backend, dtype=dtype)[:, 0]
    keep, take = (part[0] for part in layer.discrete(1.0))
    kernel = layer.values["C"][0, 0] @ krylov(keep, take, 256)
    convolved = np.convolve(kernel, signal)[:256] + layer.values["D"][0, 0] * signal
    return float(np.abs(stepped - convolved).max() / np.abs(convolved).max())


def gate_apart(*, seed: int = 0, **_: Any) -> float:
    """Greatest difference of 1,000 gated steps from Euler's backward method, where dt is exp of the gate's input."""
    z, x, u = np.random.default_rng(seed).normal(size=(3, 1000))
    gate = 1.0 / (1.0 + np.exp(-z))
    keep, take = discretised(-np.eye(1), np.ones(1), np.exp(z), alpha=1.0)
    return float(np.abs((1.0 - gate) * x + gate * u - (keep[:, 0, 0] * x + take[:, 0] * u)).max())


def leak_apart(tau: float, *, backend: str = "numba", seed: int = 0) -> float:
    """Greatest difference of a system of one state, taken by Euler's backward method, from a leaky unit of tau + 1."""
    signal = np.random.default_rng(seed).normal(size=300)
    one = {"C": np.ones((1, 1, 1)), "D": np.zeros((1, 1))}
    layer = LSSL(1, inputs="lines", states=1, matrix={"A": [[-1.0]], "B": [1.0]}, tau=tau, alpha=1.0, weights=one)
    zero = {name: np.zeros(shape) for name, shape in LeakyRNN(1, inputs="lines").shapes.items()}
    unit = LeakyRNN(1, inputs="lines", slope=1.0, weights={**zero, "W_in": [[1.0]], "tau": [tau + 1.0]})
    found = [run(part, signal, name, backend=backend) for part, name in ((layer, "y"), (unit, "r"))]
    return float(np.abs(found[0] - found[1]).max())


def eigenvalues_apart(states: int = 8, **_: Any) -> float:
    """Greatest difference of the eigenvalues of LegS from -1, -2, ..., -N. Nothing is simulated."""
    return float(np.abs(np.sort(np.linalg.eigvals(legs(states)[0]).real) + np.arange(states, 0, -1)).max())


def radius(states: int, step: float, alpha: float, **_: Any) -> float:
    """Spectral radius of the step of LegS, from its diagonal. Nothing is simulated."""
    # the matrix is a triangle, so its eigenvalues stand on the diagonal; numerical ones are wrong from N = 128 on
    return float(np.abs(np.diag(discretised(*legs(states), step, alpha)[0])).max())


def order(alpha: float, **_: Any) -> float:
    """The power of dt with which 1 / dt steps of LegS, N = 6, come to exp(A). Nothing is simulated."""
    from scipy.linalg import expm

    steps = 2 ** np.arange(8, 11)
    a, b = legs(6)
    missed = [np.linalg.norm(np.linalg.matrix_power(discretised(a, b, 1.0 / n, alpha)[0], n) - expm(a)) for n in steps]
    return -float(np.polyfit(np.log(steps), np.log(missed), 1)[0])


def parts_apart(states: int = 64, **_: Any) -> float:
    """Greatest difference of P (D + T^-1) Q from -A of LegS, over the greatest entry. Nothing is simulated."""
    n = np.arange(states)
    root = np.diag(np.sqrt(2.0 * n + 1.0))
    tridiagonal = np.eye(states) - np.diag(np.ones(states - 1), -1)
    made = root @ (np.diag(-n / (2.0 * n + 1.0)) + np.linalg.inv(tridiagonal)) @ root
    return float(np.abs(made + legs(states)[0]).max() / np.abs(made).max())


def resampled(mean: bool, *, backend: str = "numba", **_: Any) -> float:
    """The power of dt by which the state after a smooth input changes where the time step is halved.

    A step takes the input at its end, or the ``mean`` of those at its beginning and its end.
    """
    ends = []
    for dt in (1.0, 0.5, 0.25):
        time = dt * np.arange(round(200 / dt) + 1)
        u = np.sin(2 * np.pi * time / 150) + 0.5 * np.cos(2 * np.pi * time / 70)
        signal = 0.5 * (u[1:] + u[:-1]) if mean else u[1:]
        ends.append(run(LSSL(1, inputs="lines", states=8, tau=100.0), signal, "x", dt=dt, backend=backend)[-1])
    changes = [np.linalg.norm(one - two) for one, two in zip(ends, ends[1:], strict=False)]
    return float(np.log2(changes[0] / changes[1]))


CURVES = {
    "LegT, window 400": ("legt", 400.0),
    "LegS, scale 400": ("legs", 400.0),
    "LegS, scale 10": ("legs", 10.0),
    "leaky units, 1 to 1000": ("leaky", 1.0),
    "random matrix": ("random", 100.0),
}


def figure(ax, recording=None, *, backend="numba", seed=0):
    """How far back a signal can be read from the states; of a recording, its outputs beside its input."""
    if recording is not None:
        times, y = recording["layer.y"].times, np.asarray(recording["layer.y"].values)
        ax.plot(recording["lines.x"].times, np.asarray(recording["lines.x"].values), "k", lw=0.8, label="input")
        ax.plot(times, y, lw=0.8)
        ax.set(xlabel="ms", ylabel="input, and what is read of the state", title="Gu et al. (2021)", ylim=(-4, 4))
        return ax
    lags = tuple(range(0, 500, 10))
    for label, (kind, tau) in CURVES.items():
        ax.plot(lags, np.clip(scores(kind, tau, lags, backend, seed), 0.0, 1.0), label=label)
    ax.set(xlabel="lag (steps)", ylabel="R squared", ylim=(0, 1.05), title="Gu et al. (2021): the delay task")
    ax.legend(loc="center", bbox_to_anchor=(0.6, 0.62))
    return ax


ABLATIONS = "section 5.4: what a random matrix and a wrong time scale cost, on other tasks"
PILOT = "a pilot program gives"


def _memory_claims() -> tuple[Claim, ...]:
    """Claims on the delay task."""
    inf = float("inf")
    rows = (
        ("LegS with a scale of 400 steps holds the signal 200 steps ago: R squared", "legs", 400.0, 0.99, 1.0, "1.000"),
        ("so does LegT with a window of 400", "legt", 400.0, 0.99, 1.0, "1.000"),
        ("a bank of leaky integrators does not", "leaky", 1.0, -inf, 0.4, "0.175"),
        ("nor does a random matrix", "random", 100.0, -inf, 0.2, "0.07"),
        ("nor LegS with a scale of 10 steps", "legs", 10.0, -inf, 0.3, "0.117"),
    )
    return tuple(Claim(text, remembered, {"kind": kind, "tau": tau, "lag": 200}, low=low, high=high, where=ABLATIONS,
                       why=f"{PILOT} {value}") for text, kind, tau, low, high, value in rows)


def _step_claims() -> tuple[Claim, ...]:
    """Claims on the step in discrete time."""
    slowest = (1 - 0.05) / (1 + 0.05)
    return (
        Claim("the bilinear step is stable, N = 64, dt = 0.1: spectral radius", radius,
              {"states": 64, "step": 0.1, "alpha": 0.5}, low=slowest - 1e-12, high=slowest + 1e-12,
              where="inferred: section 2 with the eigenvalues of LegS", why="(1 - dt/2) / (1 + dt/2)"),
        *(Claim(f"Euler's method is not, N = {n}: spectral radius", radius, {"states": n, "step": 0.1, "alpha": 0.0},
                low=0.1 * n - 1 - 1e-12, high=0.1 * n - 1 + 1e-12, where="inferred, as above", why="dt N - 1")
          for n in (32, 64, 128)),
        *(Claim(f"{name} is of order {power}", order, {"alpha": alpha}, low=power - 0.05, high=power + 0.05,
                where="section 2, equation 3", why="the theory of such methods")
          for name, alpha, power in (("Euler's method", 0.0, 1), ("the bilinear step", 0.5, 2),
                                     ("Euler's backward method", 1.0, 1))),
        Claim("with half the time step the state changes in the second order, where a step takes its mean input: power",
              resampled, {"mean": True}, low=1.9, high=2.1, where="section 3.1: another sampling rate is another dt",
              why="the trapezoidal rule"),
        Claim("and in the first order where it takes the input at its end, as published: power", resampled,
              {"mean": False}, low=0.9, high=1.1, where="inferred: such an input is half a step early",
              why="the rectangle rule"),
    )


ENTRY = Entry(
    title="Linear systems whose states are the past of their input",
    paper="Gu, A. et al. (2021). Combining recurrent, convolutional, and continuous-time models with linear "
    "state-space layers. NeurIPS 2021. doi:10.48550/arXiv.2110.13985",
    family="state space",
    build=build,
    figure=figure,
    differs="A is not trained; none of the paper's data sets, which need downloads and hours; outputs of the network "
    "are read with the polynomials' own weights",
    record=("lines.x", "layer.y"),
    duration=1000.0,
    dt=1.0,
    claims=(
        *_memory_claims(),
        *(Claim(f"{name} is read without training, 200 steps ago: R squared", read_untrained,
                {"matrix": name, "lag": 200.0}, low=0.95, high=1.0,
                where="inferred: the polynomials of appendix B.2", why="a slow signal, 64 states")
          for name in ("legt", "legs")),
        Claim("recurrence and convolution agree, in double precision", views_apart, {"dtype": "float64"}, low=0.0,
              high=1e-10, where="section 3.1", why=f"rounding; {PILOT} 6e-16"),
        Claim("and in single precision", views_apart, {"dtype": "float32"}, low=0.0, high=1e-4, where="section 3.1",
              why="rounding"),
        Claim("a gated step is Euler's backward method: greatest difference", gate_apart, low=0.0, high=1e-12,
              where="section 3.2, lemma 3.1", why=f"rounding; {PILOT} 4e-16"),
        Claim("and so is a leaky unit: greatest difference", leak_apart, {"tau": 7.0}, low=0.0, high=1e-12,
              where="section 3.2", why="rounding"),
        Claim("LegS has the eigenvalues -1 to -8: greatest difference", eigenvalues_apart, low=0.0, high=1e-9,
              where="appendix B.2", why="rounding"),
        Claim("LegS is low rank and tridiagonal: greatest difference over the greatest entry", parts_apart, low=0.0,
              high=1e-12, where="section 4.1, corollary 4.1, appendix D.3", why=f"rounding; {PILOT} 9e-16"),
        *_step_claims(),
    ),
)
