"""Macs in operations: support, familiarity, choice and learning."""

import numpy as np

from ...errors import DescriptionError
from ...kernels.philox import stream_number
from ...program import Compete, Scope, Table
from .backoff import best_combination
from .frames import LAST_STEP
from .layers import Layers, features_of, steps_of
from .macs import Macs
from .mapping import Ratchet


def lower(part: Macs, scope: Scope) -> None:
    """Write the code selection of one level; what comes from above is added by ``lower_above``."""
    layers = Layers(scope, {"": part.size, "module": part.macs * part.modules, "mac": part.macs})
    _declare(part, layers)
    layers.map("", "was = win", "arrive")
    layers.map("mac", "held = active", "arrive")
    if part.hears is not None:
        _horizontal(part, layers)
    features, count = features_of(scope, part.inputs, "Macs.inputs")
    _bottom_up(part, layers, features, count)
    _activate(part, layers)
    _support(part, layers)
    _choose(part, layers)
    _learn(part, layers, features, count)


def lower_above(part: Macs, scope: Scope) -> None:
    """The last code of the level above: what it gives to the support, and the weights that it teaches."""
    if part.above is None:
        return
    layers, (_, count) = Layers(scope, {}), features_of(scope, part.above, "Macs.above")
    was = f"{part.above}.was"
    if was not in scope.builder.buffers:
        raise DescriptionError(f"{scope.prefix}: Macs.above must name a part of Macs, got {part.above!r}")
    heard = _mask(part, scope, "above_fields", count, f"the cells of {part.above!r}")
    weight = layers.bits("D", count, part.size)
    reach = layers.bits("D_reach", part.macs, count, np.ones((part.macs, count)) if heard is None else heard)
    mask = None if heard is None else layers.bits("D_mask", count, part.size, _to_cells(part, heard))
    layers.product(_sent(scope, part.above, was), "d", weight, "arrive")
    layers.product(was, "d_n", reach, "arrive", transpose=True)
    layers.imprint(was, "taught", weight, mask, None)


def _declare(part: Macs, layers: Layers) -> None:
    layers.states("", u=0.0, V=0.0, mu=0.0)
    layers.states("", "bool", win=False, was=False, drawn=False, taught=False)
    layers.states("module", best=0.0)
    layers.states(
        "mac",
        a=0.0,
        active=0.0,
        held=0.0,
        holds=0.0,
        chooses=0.0,
        learns=0.0,
        draws=0.0,
        G=0.0,
        eta=1.0,
        age=float(part.persistence),
    )
    most = np.inf if part.most is None else part.most
    layers.constants(
        "mac",
        fewest=part.fewest,
        most=min(most, 1e30),
        persistence=float(part.persistence),
        every=float(steps_of(part.frame, layers.scope, "Macs.frame")),
        sure=2.0 if part.sure is None else part.sure,
        **part.curve.constants(part.cells),
    )
    if part.above is not None:
        layers.states("", d=0.0)
        layers.states("mac", d_n=0.0)
    if part.freeze is not None:
        layers.states("", filled=0.0)
        layers.states("", "bool", taught_up=False)
        layers.states("mac", filled_by=0.0)
    learn = np.atleast_1d(part.learn)
    if learn.size == 1:
        layers.constants("mac", learn=float(learn[0]))
        return
    layers.states("mac", learn=0.0)
    table = Table(
        name=layers.scope.full("learning"),
        values=learn.astype(float),
        every=steps_of(part.frame, layers.scope, "Macs.frame"),
    )
    layers.builder.add_schedule(table, layers.scope.full("learn"), "arrive")


def _horizontal(part: Macs, layers: Layers) -> None:
    """Sums from the last codes, whose own module is left out, and how many cells a mac has heard."""
    scope, heard = layers.scope, np.asarray(part.hears)
    layers.states("", h=0.0)
    layers.states("mac", h_n=0.0)
    layers.constants("mac", hears_itself=np.diag(heard).astype(float))
    weight = layers.bits("H", part.size, part.size)
    layers.product(_sent(scope, scope.prefix, scope.full("was")), "h", weight, "arrive")
    reach = np.repeat(heard, part.modules * part.cells, axis=1)
    layers.product(
        scope.full("was"), "h_n", layers.bits("H_reach", part.macs, part.size, reach), "arrive", transpose=True
    )
    # the winner of the own module is among those counted, but joined to no cell of it
    layers.map("mac", "h_n = h_n - hears_itself * held", "arrive")


def _bottom_up(part: Macs, layers: Layers, features: str, count: int) -> None:
    scope = layers.scope
    seen = _mask(part, scope, "fields", count, f"the features of {part.inputs!r}")
    weight = layers.bits("U", count, part.size)
    layers.product(_sent(scope, part.inputs, features), "u", weight)
    reach = np.ones((part.macs, count), bool) if seen is None else seen
    layers.product(features, "a", layers.bits("U_reach", part.macs, count, reach), transpose=True)
    if part.freeze is not None:
        layers.constants("mac", field_size=reach.sum(axis=1).astype(float))


def _activate(part: Macs, layers: Layers) -> None:
    """Which macs keep their code, which choose a new one, and which of those learn."""
    tick = "1" if part.frame is None else f"1 if {LAST_STEP} else 0"
    closed = ""
    if part.freeze is not None and part.freeze_by == "mac":
        layers.constants("mac", freeze=part.freeze, code_size=float(part.modules * part.cells))
        closed = " and filled_by < freeze * field_size * code_size"
    elif part.freeze is not None:
        layers.constants("mac", freeze=part.freeze)
    layers.map(
        "mac",
        f"""
        _tick = {tick}
        age = age + _tick
        holds = 1 if _tick < 1 or (held > 0 and age < persistence) else 0
        active = held if holds > 0 else (1 if a >= fewest and a <= most else 0)
        chooses = active * (1 - holds)
        age = 0 if chooses > 0 else age
        learns = chooses * learn
        draws = 1 if learns > 0{closed} else 0
    """,
    )


def _support(part: Macs, layers: Layers) -> None:
    """V of each cell, the greatest of each module, and their mean, the familiarity."""
    low, high = part.cut

    def normalised(total: str, count: str, exponent: float) -> str:
        found = f"min(1, {total} / max({count}, 1))"
        if high < 1:
            found = f"(1 if {total} > {high!r} * max({count}, 1) else {found})"
        found = f"max({low!r}, {found})" if low > 0 else found
        return found if exponent == 1 else f"({found})**{exponent!r}"

    by = "a" if part.normalise == "active" else "fewest"
    others = {
        name: there
        for name, there, has in (("H", "h_n > 0", part.hears is not None), ("D", "d_n > 0", part.above is not None))
        if has
    }
    texts = {"U": normalised("u", by, part.exponents[0])}
    for name, exponent in zip("HD", part.exponents[1:], strict=True):
        if name in others:
            texts[name] = normalised(name.lower(), f"{name.lower()}_n", exponent)
    if others and part.first != part.exponents[0]:
        alone = normalised("u", by, part.first)
        texts["U"] = f"({texts['U']} if {' or '.join(others.values())} else {alone})"
    elif not others:
        texts["U"] = normalised("u", by, part.first)
    if part.backoff is not None and others:
        best_combination(layers, texts, others, part.backoff)
    else:
        layers.map("", "V = " + " * ".join([texts["U"], *(f"({texts[n]} if {others[n]} else 1)" for n in others)]))
    layers.reduce("V", "best", "max")
    layers.reduce("best", "G", "mean")


def _choose(part: Macs, layers: Layers) -> None:
    """From support to winners: drawn while learning, else the greatest, equals with equal chance."""
    scope, curve = layers.scope, part.curve
    ratchet = ""
    if isinstance(curve, Ratchet):
        layers.states("mac", mean_V=0.0, record=0.3, v0=curve.low)
        layers.reduce("V", "mean_V", "mean")
        ratchet = """
            v0 = min(v0 + v0_up, v0_high) if learns > 0 and mean_V > record else v0
            record = max(record, mean_V) if learns > 0 else record
        """
    layers.map("mac", f"draws = draws if G < sure else 0\neta = {curve.expansivity}{ratchet}")
    # the curve on a line of its own: inside a condition it would not be computed for many cells at once
    layers.map(
        "",
        f"""
        _chance = {curve.chance}
        mu = (_chance if draws > 0 else (1 if V >= best else 0)) * chooses
    """,
    )
    layers.builder.add(
        "integrate",
        Compete(
            source=scope.full("mu"),
            target=scope.full("drawn"),
            group=part.cells,
            how="drawn",
            stream=stream_number(scope.full("choice")),
        ),
    )
    layers.map("", "win = was if holds > 0 else drawn\ntaught = win and learns > 0")
    if part.hypotheses is not None:
        _send(part, layers)
    layers.events("spikes", "win and chooses > 0")


def _send(part: Macs, layers: Layers) -> None:
    """How strongly a code is sent, by the number of codes that compete."""
    policy = part.hypotheses
    assert policy is not None
    layers.states("", rival=0.0, sent=0.0)
    layers.states("mac", rivals=0.0, z=1.0, strength=1.0)
    layers.constants(
        "mac", rival_above=policy.above, sent_exponent=policy.exponent, sent_most=policy.most, Q=float(part.modules)
    )
    layers.map("", "rival = 1 if V > rival_above else 0")
    layers.reduce("rival", "rivals", "sum")
    layers.map(
        "mac",
        f"""
        z = max(1, floor(rivals / Q + 0.5)) if chooses > 0 else z
        strength = {policy.factor}
    """,
    )
    layers.map("", "sent = strength if win else 0")


def _learn(part: Macs, layers: Layers, features: str, count: int) -> None:
    """Set the weights from what is and was active to the winners."""
    scope, taught = layers.scope, "taught"
    seen = _mask(part, scope, "fields", count, "")
    mask = None if seen is None else layers.bits("U_mask", count, part.size, _to_cells(part, seen))
    if part.freeze is not None:
        stays = "draws > 0 or (learns > 0 and G >= sure)" if part.freeze_by == "mac" else "filled < freeze * field_size"
        layers.map("", f"taught_up = taught and ({stays})", "plastic")
        taught = "taught_up"
    layers.imprint(features, taught, scope.full("U"), mask, None if part.freeze is None else "filled")
    if part.freeze is not None:
        layers.reduce("filled", "filled_by", "sum", "plastic")
    if part.hears is not None:
        speaks = _to_cells(part, np.repeat(np.asarray(part.hears), part.modules * part.cells, axis=1))
        module = np.arange(part.size) // part.cells
        speaks &= module[:, None] != module
        layers.imprint(
            scope.full("was"), "taught", scope.full("H"), layers.bits("H_mask", part.size, part.size, speaks), None
        )
    if part.replay:
        scope.state("replayed", space=layers.builder.buffers[features].space)
        layers.product(scope.full("win"), "replayed", scope.full("U"), transpose=True)


def _mask(part: Macs, scope: Scope, name: str, count: int, what: str) -> np.ndarray | None:
    mask = getattr(part, name)
    if mask is not None and mask.shape != (part.macs, count):
        raise DescriptionError(
            f"{scope.prefix}: Macs.{name} must be ({part.macs}, {count}), one column for each of "
            f"{what}, got shape {mask.shape}"
        )
    return None if mask is None else np.asarray(mask)


def _to_cells(part: Macs, heard: np.ndarray) -> np.ndarray:
    """(sources, cells) from (macs, sources)."""
    return np.repeat(heard.T, part.modules * part.cells, axis=1)


def _sent(scope: Scope, part: str, features: str) -> str:
    """What a part sends: with the strength that its hypotheses give, where it has such."""
    graded = f"{part}.sent"
    return graded if graded in scope.builder.buffers else features
