"""Dense associative memories of Krotov and Hopfield, polynomial and exponential."""

from dataclasses import dataclass

import numpy as np

from ...errors import DescriptionError, check_choice, check_flag, fields_by_name
from .responses import EXPONENTIAL, polynomial, unit_of
from .spins import Energy, SpinMemory, warn_beyond

ERROR_OF_BITS = 0.005
"""Chance of a wrong bit at which Krotov and Hopfield say that a memory is full."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class KrotovHopfield(SpinMemory):
    r"""A dense associative memory, :math:`E = -N \sum_\mu F(\frac{1}{N} \sum_i \xi_i^\mu s_i) - \sum_i d_i s_i`.

    F is a power, :math:`F(z) = z^n`, or the exponential of N z. A unit compares the energies of its two states, so
    products in which it comes more than once count too: more patterns disturb each other than in ``DenseHebbian``.

    Parameters
    ----------
    patterns
        What is stored, (K, N) of -1 and 1, or ``RandomPatterns``.
    function
        ``polynomial`` or ``exponential``.
    degree
        n of the polynomial, 2 or more.
    rectified
        Whether F is 0 for negative overlaps, so that a pattern does not attract to its opposite too.
    temperature, start, drive, order
        As for ``Hopfield``. An exponential memory runs at temperature 0 and without drive: its energies
        are too far apart for a number that is not.

    States
    ------
    s : (N,) states of the units, -1 or 1
    drive, temperature : (N,) external field and temperature; the latter unless it is a text
    overlap : (K,) sum over units of pattern times state

    References
    ----------
    Krotov and Hopfield (2016). NIPS 29. doi:10.48550/arXiv.1606.01164, equations 2, 3 and 12
    Demircigil et al. (2017). J Stat Phys 168, 288-299. doi:10.1007/s10955-017-1806-y
    """

    function: str = "polynomial"
    degree: int = 3
    rectified: bool = False

    def __post_init__(self) -> None:
        check_choice(self, "function", ("exponential", "polynomial"))
        super().__post_init__()
        check_flag(self, "rectified")
        degree = self.degree
        if isinstance(degree, bool) or not isinstance(degree, int | np.integer) or degree < 2:
            raise DescriptionError(f"KrotovHopfield.degree must be a whole number >= 2, got {degree!r}")
        if self.function == "exponential":
            for name in ("temperature", "drive"):
                if isinstance(getattr(self, name), str) or np.any(np.asarray(getattr(self, name)) != 0):
                    raise DescriptionError(f"KrotovHopfield.{name} must be 0 where the function is exponential, got "
                                           f"{getattr(self, name)!r:.60}")
            if self.rectified:
                raise DescriptionError("KrotovHopfield.rectified must be False where the function is exponential, "
                                       "which is above 0 everywhere")
        self._warn()

    def energy(self) -> Energy:
        """The response to an overlap is half of what F changes by when the unit turns."""
        if self.function == "exponential":
            return Energy(rows=self.by_unit, entries="signs", response=EXPONENTIAL, gain=1.0, overlaps=1, values={})
        unit = unit_of(self.size)
        return Energy(rows=self.by_unit, entries="signs", response=polynomial(self.degree, self.rectified), overlaps=1,
                      gain=self.size * (self.size * unit) ** -self.degree, values={"unit": unit})

    def _warn(self) -> None:
        from ...theory import exponential_capacity, one_step_error

        if self.function == "exponential":
            warn_beyond(self, self.count, exponential_capacity(self.size), "2^(N/2)", depth=6)
            return
        # errors grow with the number stored; the greatest number that keeps them is found by halving
        low, high = 0, 1
        while one_step_error(self.degree, high, self.size) < ERROR_OF_BITS:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            fits = one_step_error(self.degree, middle, self.size) < ERROR_OF_BITS
            low, high = (middle, high) if fits else (low, middle)
        warn_beyond(self, self.count, low, f"one bit in {1 / ERROR_OF_BITS:g} turns by itself", depth=6)
