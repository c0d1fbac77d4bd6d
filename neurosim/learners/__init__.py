"""Learners that run faster outside of the step loop of a program, to the same bits."""

from .tsetlin import Clause, clauses, predict, scores, train

__all__ = ["Clause", "clauses", "predict", "scores", "train"]
