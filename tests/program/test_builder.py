"""What the builder and its scopes take down, and what they refuse."""

import numpy as np
import pytest

from neurosim.equations import Assign
from neurosim.errors import EquationError, NetworkError
from neurosim.program import Buffer, Builder, EdgeSpace, Scope, Table


@pytest.mark.parametrize("name", ["exc-1", "1st", "", "exc.", "exc..v", "exc v", "größe", "a.b-c"])
@pytest.mark.parametrize(
    ("what", "add"),
    [
        ("a space", lambda builder, name: builder.add_space(name, 2)),
        ("edges", lambda builder, name: builder.add_edges(EdgeSpace(name, "a", "a", None))),
        ("a variable", lambda builder, name: builder.add_buffer(Buffer(name=name, space=None, kind="state"))),
        ("an event list", lambda builder, name: builder.add_list(name, "a")),
        ("a schedule", lambda builder, name: builder.add_schedule(
            Table(name=name, values=np.ones(1)), "a.x", "arrive")),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_part_of_code_is_refused(what, add, name):
    with pytest.raises(NetworkError) as caught:
        add(Builder(dt=1.0), name)
    assert str(caught.value) == f"the name of {what} must be ASCII identifiers joined by dots, got {name!r}"


def test_an_unknown_name_is_told_the_names_of_its_own_part_and_not_of_those_inside():
    builder = Builder(dt=1.0)
    for prefix in ("elm", "elm.branch", "elm.branch.tip"):
        part = Scope(builder, prefix)
        part.space(2)
        part.state("trace", 0.0)
        part.state("total", 0.0)
    for prefix in ("elm", "elm.branch", "elm.branch.tip"):
        with pytest.raises(EquationError) as caught:
            Scope(builder, prefix).map([Assign("total", "=", "trac")])
        assert str(caught.value) == (
            f"{prefix}: unknown name 'trac' in total = trac; did you mean 'trace'?; there are: total, trace"
        )
