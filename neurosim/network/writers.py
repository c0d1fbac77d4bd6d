"""Who may write to a variable: what a coupling sets anew at every step takes nothing else."""

from collections.abc import Iterable, Iterator, Mapping

from ..equations import Checked
from ..errors import NetworkError
from ..families import Part
from ..families.timed import TimedArray
from .drive import Drive
from .join import CheckedJoin


def coupled(checked: CheckedJoin) -> tuple[str, str] | None:
    """The part and the variable that a join couples to; None where it does not."""
    body = checked.checked.statements.get("couple")
    return (checked.join.target, checked.sides[body[0].target][0]) if body else None


def check_writers(
    name: str, part: Part, joins: Iterable[CheckedJoin], drives: Iterable[tuple[Drive, Checked]]
) -> None:
    """Refuse what would be lost: additions to a variable of a part that a coupling or a table sets at every step.

    Parameters
    ----------
    name, part
        The part to which something is added.
    joins, drives
        Those of the network.

    Raises
    ------
    NetworkError
        Naming both writers. Several couplings onto one variable add up and are no conflict.
    """
    onto = [checked for checked in joins if checked.join.target == name]
    setters = {place[1]: f"couple of join {checked.join.name!r}" for checked in onto if (place := coupled(checked))}
    tables = dict.fromkeys(tabled(part), "a TimedArray")
    for variable in setters.keys() & tables.keys():
        _refuse(setters[variable], "sets", (name, variable), tables[variable])
    setters |= tables
    for writer, variable in _additions(name, onto, drives) if setters else ():
        if variable in setters:
            _refuse(writer, "adds to", (name, variable), setters[variable])


def _additions(
    name: str, joins: Iterable[CheckedJoin], drives: Iterable[tuple[Drive, Checked]]
) -> Iterator[tuple[str, str]]:
    """Who adds to which variable of the part ``name``, at which all the joins end."""
    for checked in joins:
        for text in ("on_pre", "on_post"):
            for assign in checked.checked.statements.get(text, ()):
                own, side = checked.sides.get(assign.target, ("", ""))
                if side == "target":
                    yield f"{text} of join {checked.join.name!r}", own
    for drive, texts in drives:
        if drive.part == name:
            yield from ((f"drive {drive.name!r}", assign.target) for assign in texts.statements["on_event"])


def tabled(part: Part) -> list[str]:
    """The variables of a part that a ``TimedArray`` plays."""
    parameters = getattr(part, "parameters", None)
    return [n for n, v in parameters.items() if isinstance(v, TimedArray)] if isinstance(parameters, Mapping) else []


def _refuse(writer: str, does: str, place: tuple[str, str], setter: str) -> None:
    part, variable = place
    raise NetworkError(
        f"{writer} {does} {variable!r} of {part!r}, which {setter} sets at every step; "
        f"give {part!r} a variable for each and add them up in its equations"
    )
