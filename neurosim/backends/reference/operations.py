"""How each operation runs: the table of their definitions."""

from collections.abc import Callable, Mapping
from typing import Any

from ...program import Compete, Diffuse, Events, Imprint, Map, MapEdges, MatMul, Play, Propagate, Reduce, Sweep
from .dense import run_compete, run_imprint, run_matmul, run_reduce
from .edges import run_diffuse, run_map_edges, run_propagate
from .elementwise import run_events, run_map, run_play
from .replica import Replica
from .sweeps import run_sweep

RENDERINGS: Mapping[type, Callable[[Any, Replica, int], None]] = {
    Play: run_play,
    Map: run_map,
    Events: run_events,
    Propagate: run_propagate,
    MapEdges: run_map_edges,
    Diffuse: run_diffuse,
    MatMul: run_matmul,
    Reduce: run_reduce,
    Compete: run_compete,
    Sweep: run_sweep,
    Imprint: run_imprint,
}


def run_step(operations: tuple[Any, ...], replica: Replica, step: int) -> None:
    """One time step of one copy: the operations in the order of the program."""
    replica.begin(step)
    for op in operations:
        RENDERINGS[type(op)](op, replica, step)
