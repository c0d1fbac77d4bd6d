"""Learners whose parts are discrete: clauses of propositions, codebooks, binary layers."""

from .key_values import KeyValueBottleneck
from .spanning_tree import ChannelTree, TreeLayer, spanning_tree
from .tsetlin import TsetlinMachine

__all__ = ["ChannelTree", "KeyValueBottleneck", "TreeLayer", "TsetlinMachine", "spanning_tree"]
