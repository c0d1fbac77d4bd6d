"""Local learning: scans in which gradients end where signals leave a neuron.

What is simulated stays the same. What the adjoint of a cut scan gives is a sum over steps: a learning signal of each
neuron times an eligibility trace of each of its weights, which is what rules such as e-prop and DECOLLE are made of.
Traces run forwards in time and need a number for each weight; the adjoint adds up the same terms in another order and
needs one for each neuron.

References
----------
Bellec et al. (2020). Nat Commun 11, 3625. doi:10.1038/s41467-020-17236-y, equations 1-4
Kaiser, Mostafa & Neftci (2020). Front Neurosci 14, 424. doi:10.3389/fnins.2020.00424
"""

from dataclasses import replace
from typing import Literal

from ..errors import DescriptionError
from ..gradients import Along, Product, Scan, Work, made_by, read_by

Joins = Literal["recurrent", "all"]


def cut(scan: Scan, joins: Joins = "recurrent") -> Scan:
    """The same scan with fewer paths for gradients.

    Parameters
    ----------
    scan
        What runs.
    joins
        ``recurrent``: no gradient goes back along joins through which a neuron reaches itself, so within a layer each
        neuron has its own past alone (e-prop). ``all``: none goes back along any join, so no layer has those before it
        either (DECOLLE).

    Raises
    ------
    DescriptionError
        When ``joins`` is neither.
    """
    if joins not in ("recurrent", "all"):
        raise DescriptionError(f"joins must be 'recurrent' or 'all', got {joins!r}")
    return replace(scan, work=tuple(_cut(scan, op, joins) for op in scan.work))


def _cut(scan: Scan, op: Work, joins: Joins) -> Work:
    if not isinstance(op, Product | Along):
        return op
    source, _ = scan.origin(op.source)
    if joins == "all" or source in _reached(scan, op.target):
        return replace(op, cut=True)
    return op


def _reached(scan: Scan, name: str) -> set[str]:
    """The values that depend on ``name``, in the same step or a later one, itself among them."""
    found, size = {name}, 0
    while len(found) > size:
        size = len(found)
        for op in scan.work:
            if any(scan.origin(read)[0] in found for read in read_by(op)):
                found |= set(made_by(op))
    return found
