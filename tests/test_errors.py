"""Errors name the place, the rule and the value, and the choices where they are few."""

import inspect
import pickle
from dataclasses import dataclass
from typing import Any

import pytest

from neurosim import LIF, Poisson, errors
from neurosim.connectivity import Bernoulli, OneToOne


@dataclass
class Part:
    x: Any = 1.0
    y: Any = 2.0


def message(check, part: Part, *rest: Any) -> str:
    with pytest.raises(errors.DescriptionError) as caught:
        check(part, *rest)
    return str(caught.value)


CHECKS = [
    (errors.check_positive, 1e-300, [0, 0.0, -2.0], "> 0 and finite"),
    (errors.check_not_negative, 0.0, [-1e-300, -1], ">= 0 and finite"),
    (errors.check_probability, 1.0, [-0.1, 1.0000001], "in [0, 1]"),
    (errors.check_count, 3, [0, -1, 1.5, True], "a whole number >= 1"),
]
NOT_NUMBERS = [float("nan"), float("inf"), float("-inf"), "one", None, [1.0, 2.0], 1j]


@pytest.mark.parametrize(("check", "good", "bad", "rule"), CHECKS, ids=[case[0].__name__ for case in CHECKS])
def test_a_check_names_field_rule_and_value(check, good, bad, rule):
    check(Part(x=good), "x")
    for value in [*bad, *NOT_NUMBERS]:
        assert message(check, Part(x=value), "x") == f"Part.x must be {rule}, got {value!r}"


def test_every_named_field_is_checked():
    said = message(errors.check_positive, Part(x=1.0, y=-2.0), "x", "y")
    assert said == "Part.y must be > 0 and finite, got -2.0"


def test_a_whole_float_counts():
    errors.check_count(Part(x=3.0), "x")


def test_below_is_strict_and_names_both_sides():
    errors.check_below(Part(x=1.0, y=2.0), "x", "y")
    assert message(errors.check_below, Part(x=2.0, y=2.0), "x", "y") == "Part.x must be < y (2.0), got 2.0"


def test_nothing_lies_below_what_is_not_a_number():
    assert "Part.x must be < y (nan)" in message(errors.check_below, Part(x=1.0, y=float("nan")), "x", "y")


def test_a_wrong_choice_is_answered_with_the_choices_and_the_nearest():
    errors.check_choice(Part(x="euler"), "x", ["exact", "euler"])
    said = message(errors.check_choice, Part(x="eular"), "x", ["exact", "euler"])
    assert said == "Part.x must be one of euler, exact; did you mean 'euler'?, got 'eular'"


def test_a_choice_that_is_no_text_gets_no_guess():
    assert message(errors.check_choice, Part(x=3), "x", {"a", "b"}) == "Part.x must be one of a, b, got 3"


def test_the_choices_may_be_read_only_once():
    with pytest.raises(errors.DescriptionError, match="one of euler, exact; did you mean 'exact'"):
        errors.check_choice(Part(x="exakt"), "x", iter(["exact", "euler"]))


def test_nearest_keeps_silent_where_nothing_is_near():
    assert errors.nearest("zzz", ["exact", "euler"]) == ""


def test_a_listing_is_sorted_and_says_when_it_is_empty():
    assert errors.listing({"b", "a"}) == "a, b"
    assert errors.listing([]) == "none"


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("DescriptionError", ValueError),
        ("MemoryForeseenError", MemoryError),
        ("NonFiniteError", ArithmeticError),
    ],
)
def test_an_error_is_also_the_builtin_that_callers_expect(name, builtin):
    assert issubclass(getattr(errors, name), builtin)


def test_one_base_catches_every_error():
    things = [thing for thing in vars(errors).values() if isinstance(thing, type)]
    own = [thing for thing in things if issubclass(thing, Exception)]
    assert len(own) >= 9
    assert all(issubclass(thing, errors.NeurosimError) for thing in own)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LIF(3, taum=10.0), "LIF has no field 'taum'; did you mean 'tau'.; its fields are: size, tau, i, "),
        (lambda: Poisson(3, rate=5.0), "Poisson has no field 'rate'; did you mean 'rates'"),
        (lambda: Bernoulli(prob=0.1), "Bernoulli has no field 'prob'.*; its fields are: p, self_connections"),
        (lambda: OneToOne(p=0.1), "OneToOne has no field 'p'; its fields are: none"),
    ],
)
def test_an_unknown_field_is_refused_by_name(make, message):
    with pytest.raises(errors.DescriptionError, match=message):
        make()


def test_a_class_that_knows_its_fields_looks_as_before():
    assert list(inspect.signature(LIF).parameters)[:2] == ["size", "tau"]
    assert pickle.loads(pickle.dumps(LIF(3, tau=5.0))) == LIF(3, tau=5.0)
    with pytest.raises(TypeError, match="size"):
        LIF()
