"""Rates of Poisson input, which a session may set between runs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import NetworkError
from ..families import Part, Poisson
from ..families.inputs import check_probable
from ..families.timed import TimedArray
from ..program import Program
from ..units import FREQUENCY, to_internal
from .drive import EVENTS, Drive, checked_drive


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A rate that was described by numbers: of a drive, or of a ``Poisson``.

    Parameters
    ----------
    name
        What a session calls it: ``exc_drive.rate``, ``stimulus.rates``.
    owner, part
        What has the rate, and the part in which each neuron may have one of its own.
    buffer, scale
        Where it is kept in a program, and as which multiple of the rate in 1/ms.
    """

    name: str
    owner: Drive | Poisson
    part: Part
    buffer: str
    scale: float

    def taken(self, values: Any, dt: float) -> np.ndarray:
        """A number or (N,), Hz, as it is kept.

        Raises
        ------
        DescriptionError
            As the description of the rate would.
        """
        if isinstance(values, str | TimedArray):
            raise NetworkError(f"{self.name} can be set to a number or ({self.part.size},), Hz, got {values!r:.60}")
        if isinstance(self.owner, Drive):
            rate = checked_drive(replace(self.owner, rate=values), self.part)[0].rate
        else:
            rate = Poisson(self.part.size, values).rates
            check_probable(to_internal(rate, FREQUENCY, self.name), self.name.partition(".")[0], dt)
        return np.asarray(to_internal(rate, FREQUENCY, self.name)) * self.scale


def rates_of(network: Any, dt: float) -> dict[str, Rate]:
    """The rates of a network that a session may set, by name; those that are texts or tables are not among them."""
    found = []
    for name, drive in network.drives.items():
        if not isinstance(drive.rate, str | TimedArray):
            place = {"part": network.parts[drive.part], "buffer": f"{name}.{EVENTS}", "scale": drive.count * dt}
            found.append(Rate(name=f"{name}.rate", owner=drive, **place))
    for name, part in network.parts.items():
        if isinstance(part, Poisson) and not isinstance(part.rates, str | TimedArray):
            found.append(Rate(name=f"{name}.rates", owner=part, part=part, buffer=f"{name}.rates", scale=1.0))
    return {rate.name: rate for rate in found}


def spread(program: Program, rates: Iterable[Rate]) -> Program:
    """The program with these rates kept for each neuron, where one number was kept for all."""
    buffers = dict(program.buffers)
    for rate in rates:
        buffer, owner = buffers[rate.buffer], rate.owner
        if buffer.space is None:
            space = owner.part if isinstance(owner, Drive) else rate.buffer.partition(".")[0]
            buffers[rate.buffer] = replace(buffer, space=space, initial=np.full(rate.part.size, buffer.initial))
    return replace(program, buffers=buffers)
