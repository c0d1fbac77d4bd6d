"""Which part of an expression multiplies a name, and which part is left over."""

import ast
from collections.abc import Mapping, Set
from dataclasses import dataclass

from . import trees
from .expressions import names, unparse

Terms = tuple[ast.expr, ...]


@dataclass(frozen=True)
class Affine:
    """An expression as ``(sum of terms[x] * x over names x, plus rest) / divisor``.

    Parameters
    ----------
    terms
        For each name the summands of its coefficient, in the order of the text.
    rest
        The summands without any of the names.
    divisor
        What the whole is divided by, None for nothing; kept apart because it cancels in rest / terms.
    """

    terms: Mapping[str, Terms]
    rest: Terms
    divisor: ast.expr | None = None

    def coefficient(self, name: str) -> ast.expr:
        """The factor of ``name``, divisor included; 0 when the name does not occur."""
        return self._divided(self.terms.get(name, ()))

    def offset(self) -> ast.expr:
        """The part without names, divisor included."""
        return self._divided(self.rest)

    def _divided(self, terms: Terms) -> ast.expr:
        whole = trees.total(terms)
        return whole if self.divisor is None else trees.div(whole, self.divisor)


def affine(expr: ast.expr, variables: Set[str]) -> Affine | None:
    """The expression as an affine function of ``variables``, jointly, or None when it is not one."""
    if not names(expr) & variables:
        return Affine({}, (expr,) if trees.value_of(expr) != 0 else ())
    match expr:
        case ast.Name(id=name):
            return Affine({name: (trees.ONE,)}, ())
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = affine(operand, variables)
            return inner and _mapped(inner, trees.neg)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            a, b = affine(left, variables), affine(right, variables)
            if a is None or b is None:
                return None
            return _sum(a, b if isinstance(op, ast.Add) else _mapped(b, trees.neg))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _product(left, right, variables)
        case ast.BinOp(left=left, op=ast.Div(), right=right) if not names(right) & variables:
            inner = affine(left, variables)
            if inner is None:
                return None
            divisor = right if inner.divisor is None else trees.mul(inner.divisor, right)
            return Affine(inner.terms, inner.rest, divisor)
    return None


def _product(left: ast.expr, right: ast.expr, variables: Set[str]) -> Affine | None:
    if not names(left) & variables:
        inner = affine(right, variables)
        return inner and _mapped(inner, lambda term: trees.mul(left, term))
    if not names(right) & variables:
        inner = affine(left, variables)
        return inner and _mapped(inner, lambda term: trees.mul(term, right))
    return None


def _mapped(whole: Affine, change) -> Affine:  # type: ignore[no-untyped-def]
    terms = {name: tuple(map(change, parts)) for name, parts in whole.terms.items()}
    return Affine(terms, tuple(map(change, whole.rest)), whole.divisor)


def _sum(a: Affine, b: Affine) -> Affine:
    if not _same_divisor(a.divisor, b.divisor):
        a, b = _without_divisor(a), _without_divisor(b)
    terms = dict(a.terms)
    for name, parts in b.terms.items():
        terms[name] = terms.get(name, ()) + parts
    return Affine(terms, a.rest + b.rest, a.divisor)


def _same_divisor(a: ast.expr | None, b: ast.expr | None) -> bool:
    return a is b or (a is not None and b is not None and unparse(a) == unparse(b))


def _without_divisor(whole: Affine) -> Affine:
    divisor = whole.divisor
    if divisor is None:
        return whole
    divided = _mapped(whole, lambda term: trees.div(term, divisor))
    return Affine(divided.terms, divided.rest)
