"""Buffers and the closed set of operations: what every family is written in and every backend runs."""

from .buffers import Buffer, EdgeArrays, EdgeSpace, EventList, EventSchedule, Schedule, Space, Table
from .builder import PHASES, Builder, Scope
from .checks import check_probes, check_program
from .drawing import extract_draws
from .operations import (
    Compete,
    Diffuse,
    Draw,
    Events,
    Imprint,
    Map,
    MapEdges,
    MatMul,
    Operation,
    Play,
    Propagate,
    Reduce,
    Ref,
    Sweep,
)
from .probes import Probe
from .program import Program

__all__ = [
    "PHASES", "Buffer", "Builder", "Compete", "Diffuse", "Draw", "EdgeArrays", "EdgeSpace", "EventList",
    "EventSchedule", "Events", "Imprint", "Map", "MapEdges", "MatMul", "Operation", "Play", "Probe", "Program",
    "Propagate", "Reduce", "Ref", "Schedule", "Scope", "Space", "Sweep", "Table", "check_probes", "check_program",
    "extract_draws",
]
