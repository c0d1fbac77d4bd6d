"""Gradients of scans: forwards with a tape, and backwards; and those of local learning."""

from .local import Joins, cut
from .trainable import Gradients, Tape, Trainable

__all__ = ["Gradients", "Joins", "Tape", "Trainable", "cut"]
