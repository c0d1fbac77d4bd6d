"""Gradients of scans: forwards with a tape, and backwards."""

from .trainable import Gradients, Tape, Trainable

__all__ = ["Gradients", "Tape", "Trainable"]
