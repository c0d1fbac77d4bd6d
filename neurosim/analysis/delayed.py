"""How much of a signal's past the state of a system holds: a linear readout of the signal some steps ago.

It takes the state of anything that is driven by a signal: of state-space layers, reservoirs, memory units, rate units.

References
----------
Gu et al. (2021). NeurIPS 2021, doi:10.48550/arXiv.2110.13985, and the authors' code (the delay task)
Jaeger (2002). GMD Report 152 (memory capacity as a sum over delays)
"""

from collections.abc import Sequence

import numpy as np

from ..errors import DescriptionError

RIDGE = 1e-6
"""Weight of the penalty on the readout of standardised states."""


def delayed_scores(states: np.ndarray, signal: np.ndarray, lags: Sequence[int], *, train: tuple[int, int] | None = None,
                   ridge: float = RIDGE) -> np.ndarray:
    """How well a linear readout of the state gives the signal ``lag`` steps before, for each lag, (lags,).

    The score is R squared on the steps behind those of the training: 1 for a perfect answer, 0 for one that is as good
    as the mean, below 0 for worse.

    Parameters
    ----------
    states
        (T, N) states, of which each is brought to mean 0 and variance 1 over the training.
    signal
        (T,) what the system was driven by.
    lags
        How many steps back.
    train
        First step of the training and the one behind its last; None is from a tenth to two thirds. No lag may reach
        back behind the first step of the signal.
    ridge
        Penalty on the squared weights, times the number of training steps.
    """
    states, signal = np.asarray(states, dtype=float), np.asarray(signal, dtype=float)
    steps = len(signal)
    begin, end = (steps // 10, 2 * steps // 3) if train is None else train
    if states.ndim != 2 or signal.shape != (len(states),) or not 0 <= begin < end < steps:
        raise DescriptionError(f"delayed_scores needs states (T, N), a signal (T,) and 0 <= train[0] < train[1] < T, "
                               f"got {states.shape}, {signal.shape} and train {(begin, end)}")
    if not ridge > 0 or not all(0 <= lag <= begin for lag in lags):
        raise DescriptionError(f"delayed_scores needs ridge > 0 and lags from 0 to the {begin} steps before the "
                               f"training, got ridge {ridge!r} and lags {list(lags)!r:.80}")
    seen = states[begin:]
    spread = seen[: end - begin].std(axis=0)
    seen = (seen - seen[: end - begin].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    wanted = np.stack([signal[begin - lag : steps - lag] for lag in lags], axis=1)
    taught, known = seen[: end - begin], wanted[: end - begin]
    mean = known.mean(axis=0)
    square = taught.T @ taught / len(taught) + ridge * np.eye(seen.shape[1])
    weight = np.linalg.solve(square, taught.T @ (known - mean) / len(taught))
    tested = wanted[end - begin :]
    missed = ((tested - mean - seen[end - begin :] @ weight) ** 2).sum(axis=0)
    return np.asarray(1.0 - missed / ((tested - tested.mean(axis=0)) ** 2).sum(axis=0))


def memory_capacity(scores: np.ndarray) -> float:
    """The sum of the scores at lags 1, 2, 3, ..., where one below 0 counts as 0: how many steps back are held.

    Of independent inputs a linear state of N numbers holds at most N.
    """
    return float(np.clip(scores, 0.0, 1.0).sum())
