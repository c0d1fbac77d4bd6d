"""An ELM cell, a Sparsey mac and a LIF layer with its adjoint, in nothing but operations."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from programs import wires

from neurosim.equations import Assign
from neurosim.kernels.philox import stream_number
from neurosim.program import (
    Buffer,
    Builder,
    Compete,
    Diffuse,
    EdgeSpace,
    MapEdges,
    MatMul,
    Program,
    Propagate,
    Reduce,
    Ref,
    Scope,
    Table,
)


def body(text: str) -> list[Assign]:
    """One assignment a line."""
    lines = [line.strip() for line in text.strip().splitlines()]
    pairs = [(line.split(" += ", 1), "+=") if " += " in line else (line.split(" = ", 1), "=") for line in lines]
    return [Assign(target, op, value) for (target, value), op in pairs]


def part(builder: Builder, name: str, size: int, **states: object) -> Scope:
    """A space with its variables."""
    scope = Scope(builder, name)
    scope.space(size)
    for state, initial in states.items():
        scope.state(state, initial)
    return scope


def dense(builder: Builder, name: str, weight: np.ndarray) -> str:
    """A matrix of parameters, (sources, targets) or (replicas, sources, targets); gives its full name."""
    rows = weight.shape[:-2]
    builder.add_space(name, weight.shape[-2] * weight.shape[-1])
    builder.add_buffer(Buffer(name=f"{name}.w", space=name, kind="parameter", initial=weight.reshape(*rows, -1)))
    return f"{name}.w"


def all_to_all(builder: Builder, name: str, source: str, target: str, **states: object) -> None:
    """Every edge between two spaces: its variables are matrices, row by row, as ``MatMul`` reads them."""
    n, m = builder.spaces[source].size, builder.spaces[target].size
    edges = wires(n, m, [(i, 1, j) for i in range(n) for j in range(m)])
    builder.add_edges(EdgeSpace(name, source, target, edges))
    for state, initial in states.items():
        builder.add_buffer(Buffer(name=f"{name}.{state}", space=name, kind="state", initial=initial))


def spread(builder: Builder, source: str, target: str, name: str, into: str) -> None:
    """Each index j of a space of M gets what ``j // (M / N)`` of a space of N holds: the way back from ``Reduce``."""
    n, m = builder.spaces[source].size, builder.spaces[target].size
    edges = f"{source}_to_{target}"
    if edges not in builder.edges:
        pairs = [(j * n // m, 1, j) for j in range(m)]
        builder.add_edges(EdgeSpace(edges, source, target, wires(n, m, pairs)))
    refs = {"given": Ref(f"{source}.{name}", "source")}
    builder.add("integrate", Diffuse(edges=edges, target=f"{target}.{into}", value="given", names=refs))


def frames(builder: Builder, values: np.ndarray, into: str) -> None:
    """Row k of (T, N) values into a buffer at step k; of (B, T, N) values each replica gets its own.

    A ``Table`` has no axis for replicas, so theirs are the rows of a matrix, picked by a product with a vector
    that is 1 at the present step.
    """
    if values.ndim == 2:
        builder.add_schedule(Table(name=f"{into}.table", values=values), into, "arrive")
        return
    if "clock" not in builder.spaces:
        clock = part(builder, "clock", values.shape[1], now=0.0)
        clock.map(body("now = 1 if abs(t - i*dt) < 0.5*dt else 0"), phase="arrive")
    weight = dense(builder, f"{into}.frames", values)
    builder.add("arrive", MatMul(source="clock.now", target=into, weight=weight))


@dataclass(frozen=True, kw_only=True)
class Elm:
    """The numbers of an ELM cell with branches.

    Parameters
    ----------
    version
        1: a trace for each synapse; 2: a trace for each branch.
    route
        The input of each synapse, (S,).
    weight
        Of each synapse, (S,).
    tau_b, tau_m
        Time constants of the traces (ms) and of the memory, (d,) ms.
    gain
        Memory write gain, lambda.
    into_hidden, into_memory, into_output
        Matrices (branches + d, H), (H, d), (d, O).
    bias_hidden, bias_memory, bias_output
        (H,), (d,), (O,).
    memory
        Initial memory, (d,) or (replicas, d).
    """

    version: int
    route: np.ndarray
    weight: np.ndarray
    branches: int
    tau_b: float
    tau_m: np.ndarray
    gain: float
    into_hidden: np.ndarray
    into_memory: np.ndarray
    into_output: np.ndarray
    bias_hidden: np.ndarray
    bias_memory: np.ndarray
    bias_output: np.ndarray
    memory: np.ndarray


def elm_program(elm: Elm, inputs: np.ndarray, dt: float) -> Program:
    """One ELM cell driven by (T, I) or (replicas, T, I) inputs."""
    builder = Builder(dt=dt, replicas=len(inputs) if inputs.ndim == 3 else 1)
    part(builder, "elm.input", inputs.shape[-1], x=0.0)
    frames(builder, inputs, "elm.input.x")
    _elm_dendrite(builder, elm)
    hidden = part(builder, "elm.hidden", len(elm.bias_hidden), a=0.0, h=0.0)
    hidden.value("bias", elm.bias_hidden)
    memory = part(builder, "elm.memory", len(elm.tau_m), m=elm.memory, kept=0.0, written=0.0)
    for name, value in {"bias": elm.bias_memory, "tau_m": elm.tau_m, "gain": elm.gain}.items():
        memory.value(name, value)
    memory.map(body("kept = exp(-dt / max(tau_m, 1e-6)) * m"))
    # [b; kept] is never built: a product with a concatenation is the sum of two products
    from_branch = dense(builder, "elm.W1b", elm.into_hidden[: elm.branches])
    from_memory = dense(builder, "elm.W1m", elm.into_hidden[elm.branches :])
    hidden.matmul("elm.branch.b", "elm.hidden.a", from_branch)
    hidden.matmul("elm.memory.kept", "elm.hidden.a", from_memory, accumulate=True)
    hidden.map(body("h = max(a + bias, 0)"))
    memory.matmul("elm.hidden.h", "elm.memory.written", dense(builder, "elm.W2", elm.into_memory))
    write = "gain * (1 - exp(-dt / tau_m))" if elm.version == 1 else "1 - exp(-dt * gain / tau_m)"
    memory.map(body(f"m = kept + ({write}) * 1.7159 * tanh(2 * (written + bias) / 3)"))
    output = part(builder, "elm.output", len(elm.bias_output), y=0.0)
    output.value("bias", elm.bias_output)
    output.map(body("y = bias"))
    output.matmul("elm.memory.m", "elm.output.y", dense(builder, "elm.Wy", elm.into_output), accumulate=True)
    return builder.finish()


def _elm_dendrite(builder: Builder, elm: Elm) -> None:
    """From inputs to the traces of the branches, ``elm.branch.b``."""
    synapse = part(builder, "elm.synapse", len(elm.route), x=0.0, s=0.0)
    branch = part(builder, "elm.branch", elm.branches, b=0.0, total=0.0)
    for scope in (synapse, branch):
        scope.value("tau", elm.tau_b)
    synapse.value("weight", elm.weight)
    edges = wires(builder.spaces["elm.input"].size, len(elm.route), [(i, 1, s) for s, i in enumerate(elm.route)])
    builder.add_edges(EdgeSpace("elm.route", "elm.input", "elm.synapse", edges))
    refs = {"x": Ref("elm.input.x", "source"), "weight": Ref("elm.synapse.weight", "target")}
    synapse.diffuse("elm.route", "elm.synapse.x", "weight * x", refs, phase="integrate")
    if elm.version == 1:
        synapse.map(body("s = exp(-dt / tau) * s + x"))
        builder.add("integrate", Reduce(source="elm.synapse.s", target="elm.branch.b"))
        return
    builder.add("integrate", Reduce(source="elm.synapse.x", target="elm.branch.total"))
    branch.map(body("b = exp(-dt / tau) * b + total"))


@dataclass(frozen=True, kw_only=True)
class Mac:
    """The numbers of a mac of Q modules with K cells.

    It is active where ``fewest`` to ``most`` features are. A familiarity up to ``lowest`` leaves all to chance;
    ``chi`` multiplies the expansivity; ``centre`` and ``slope`` shape the sigmoid from support to win probability.
    """

    modules: int
    cells: int
    fewest: float
    most: float
    lowest: float = 0.1
    chi: float = 100.0
    centre: float = 0.9
    slope: float = 0.02


DRAWN, FAIR = stream_number("mac/drawn"), stream_number("mac/fair")


def mac_program(mac: Mac, inputs: np.ndarray, learn: np.ndarray, *, seed: int, replicas: int = 1) -> Program:
    """One mac shown (T, n) binary frames, learning where ``learn`` (T,) is 1."""
    builder = Builder(dt=1.0, seed=seed, replicas=replicas)
    size = mac.modules * mac.cells
    part(builder, "feature", inputs.shape[1], x=0.0)
    cell = part(builder, "cell", size, u=0.0, h=0.0, V=0.0, mu=0.0, a=0.0, active=0.0, had=0.0, eta=0.0, best=0.0,
                tie=0.0, drawn=0.0, first=0.0, fair=0.0, win=0.0, was=0.0, learn=0.0, filled=0.0)
    part(builder, "module", mac.modules, best=0.0)
    whole = part(builder, "mac", 1, a=0.0, active=0.0, had=0.0, G=0.0, eta=0.0)
    for name in ("fewest", "most", "lowest", "chi"):
        whole.value(name, getattr(mac, name))
    for name in ("centre", "slope"):
        cell.value(name, getattr(mac, name))
    cell.value("others", float(mac.modules - 1))
    whole.value("K", float(mac.cells))
    all_to_all(builder, "up", "feature", "cell", w=0.0)
    across = [(i, 1, j) for i in range(size) for j in range(size) if i // mac.cells != j // mac.cells]
    builder.add_edges(EdgeSpace("across", "cell", "cell", wires(size, size, across)))
    builder.add_buffer(Buffer(name="across.w", space="across", kind="state"))
    builder.add_schedule(Table(name="frames", values=inputs), "feature.x", "arrive")
    builder.add_schedule(Table(name="learning", values=learn), "cell.learn", "arrive")
    _mac_support(builder, cell, whole)
    _mac_choice(builder, cell, mac.cells)
    _mac_learning(builder)
    return builder.finish()


def _mac_support(builder: Builder, cell: Scope, whole: Scope) -> None:
    """Steps 1 to 8: from the frame and the code before it to the win probabilities ``mu``."""
    cell.map(body("h = 0\nwas = win"), phase="arrive")
    builder.add("arrive", Propagate(edges="across", events="cell.winners", target="cell.h", value="w",
                                    names={"w": Ref("across.w", "edge")}))
    builder.add("integrate", Reduce(source="feature.x", target="mac.a"))
    whole.map(body("had = active\nactive = 1 if a >= fewest and a <= most else 0"))
    builder.add("integrate", MatMul(source="feature.x", target="cell.u", weight="up.w"))
    for name in ("a", "active", "had"):
        spread(builder, "mac", "cell", name, name)
    cell.map(body("V = min(1, u / max(a, 1)) * (h / others if had > 0 else 1)"))
    builder.add("integrate", Reduce(source="cell.V", target="module.best", how="max"))
    builder.add("integrate", Reduce(source="module.best", target="mac.G", how="mean"))
    whole.map(body("eta = 1 + max(0, (G - lowest) / (1 - lowest))**2 * chi * K"))
    spread(builder, "mac", "cell", "eta", "eta")
    spread(builder, "module", "cell", "best", "best")
    cell.map(body("""
        mu = active * (1 + (eta - 1) / (1 + exp(-(V - centre) / slope)))
        tie = active * (1 if V >= best else 0)
    """))


def _mac_choice(builder: Builder, cell: Scope, group: int) -> None:
    """Step 10: a draw while learning, else the greatest, drawn among equals; none where the mac is silent."""
    builder.add("integrate", Compete(source="cell.mu", target="cell.drawn", group=group, how="drawn", stream=DRAWN))
    builder.add("integrate", Compete(source="cell.tie", target="cell.fair", group=group, how="drawn", stream=FAIR))
    builder.add("integrate", Compete(source="cell.V", target="cell.first", group=group))
    cell.map(body("win = drawn if learn > 0 else fair"))
    cell.events("winners", "win > 0")


def _mac_learning(builder: Builder) -> None:
    """Step 11: every edge from what is active to a winner is set, once and for good."""
    for edges, source in (("up", "feature.x"), ("across", "cell.was")):
        refs = {"w": Ref(f"{edges}.w", "edge"), "active": Ref(source, "source"),
                "learn": Ref("cell.learn", "target"), "filled": Ref("cell.filled", "target")}
        text = "_new = max(w, active * learn)\nfilled += _new - w\nw = _new"
        builder.add("plastic", MapEdges(edges=edges, at="target", events="cell.winners",
                                        body=tuple(body(text)), names=refs))


@dataclass(frozen=True, kw_only=True)
class Leaky:
    """The parameters of a layer: ``weight`` (n_in, N), and per neuron ``bias``, ``beta``, ``theta`` (N,).

    ``smooth`` puts a differentiable function in the place of the step, whose derivative is the surrogate of the step.
    """

    weight: np.ndarray
    bias: np.ndarray
    beta: np.ndarray
    theta: np.ndarray
    slope: float = 25.0
    smooth: bool = False

    @property
    def fire(self) -> str:
        return "{0} / (1 + slope * abs({0}))" if self.smooth else "H({0})"


def layer_scope(builder: Builder, layer: Leaky, **states: object) -> Scope:
    """The neurons of the layer with their parameters."""
    cell = part(builder, "cell", len(layer.bias), **states)
    for name in ("bias", "beta", "theta", "slope"):
        cell.value(name, getattr(layer, name))
    return cell


def forward_program(layer: Leaky, inputs: np.ndarray) -> Program:
    """The layer driven by (T, n_in) or (B, T, n_in) inputs: ``cell.u`` and ``cell.s``."""
    builder = Builder(dt=1.0, replicas=len(inputs) if inputs.ndim == 3 else 1)
    part(builder, "input", inputs.shape[-1], z=0.0)
    frames(builder, inputs, "input.z")
    cell = layer_scope(builder, layer, x=0.0, u=0.0, s=0.0)
    cell.matmul("input.z", "cell.x", dense(builder, "dense", layer.weight))
    cell.map(body(f"""
        _reset = {layer.fire.format("(u - theta)")}
        u = beta * u + x + bias - _reset * theta
        s = {layer.fire.format("(u - theta)")}
    """))
    return builder.finish()


def backward_program(layer: Leaky, inputs: np.ndarray, wanted: np.ndarray, tape: np.ndarray) -> Program:
    """The adjoint for the loss ``sum((s - wanted)**2) / 2``: step k does time T - 1 - k.

    All arrays are (T, N) or (B, T, N). Only the membrane is taped; what else the adjoint reads is computed from it.
    """
    builder = Builder(dt=1.0, replicas=len(inputs) if inputs.ndim == 3 else 1)
    part(builder, "input", inputs.shape[-1], z=0.0, adj_z=0.0)
    cell = layer_scope(builder, layer, u=0.0, u_before=tape[..., -1, :], wanted=0.0, adj_u=0.0, adj_bias=0.0,
                       adj_beta=0.0, adj_theta=0.0)
    all_to_all(builder, "dense", "input", "cell", w=layer.weight.ravel(), adj_w=0.0)
    cell.map(body("u = u_before"), phase="arrive")  # what is now was the one before in the step that came first
    frames(builder, np.flip(inputs, -2), "input.z")
    frames(builder, np.flip(wanted, -2), "cell.wanted")
    start = np.zeros_like(tape[..., :1, :])
    frames(builder, np.flip(np.concatenate([start, tape[..., :-1, :]], -2), -2), "cell.u_before")
    through_reset = "theta * _slope" if layer.smooth else "0"  # else the reset is detached
    cell.map(body(f"""
        _slope = 1 / (1 + slope * abs(u - theta))**2
        _slope_before = 1 / (1 + slope * abs(u_before - theta))**2
        _reset = {layer.fire.format("(u_before - theta)")}
        _adj_s = {layer.fire.format("(u - theta)")} - wanted
        adj_u = _adj_s * _slope + (beta - {through_reset}) * adj_u
        adj_bias += adj_u
        adj_beta += adj_u * u_before
        adj_theta += -(_adj_s * _slope + adj_u * (_reset - {through_reset.replace("_slope", "_slope_before")}))
    """))
    cell.matmul("cell.adj_u", "input.adj_z", "dense.w", transpose=True)
    refs: Mapping[str, Ref] = {"adj_w": Ref("dense.adj_w", "edge"), "z": Ref("input.z", "source"),
                               "adj_u": Ref("cell.adj_u", "target")}
    builder.add("plastic", MapEdges(edges="dense", at="all", events=None, body=tuple(body("adj_w += z * adj_u")),
                                    names=refs))
    return builder.finish()
