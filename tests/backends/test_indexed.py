"""Reading another space at an index that a variable holds."""

import numpy as np
import pytest
from programs import prepare, receiving, run_until

from neurosim.equations import Assign
from neurosim.errors import BackendError
from neurosim.program import Builder, Map, Program, Ref, check_program


def reading(index: np.ndarray, dtype: str = "int") -> Program:
    """Seven values, read by as many indices as there are, which move on by one in each step."""
    builder = Builder(dt=1.0)
    other = receiving(builder, "other", 7, v=np.arange(7) + 0.5)
    other.state("flag", np.arange(7) % 2 == 1, dtype="bool")
    own = receiving(builder, "own", len(index), found=0.0, flagged=0.0)
    own.state("at", index, dtype=dtype)
    names = {"v": Ref("other.v", "at", "own.at"), "flag": Ref("other.flag", "at", "own.at"), "at": Ref("own.at"),
             "found": Ref("own.found"), "flagged": Ref("own.flagged")}
    body = (Assign("found", "=", "v"), Assign("flagged", "=", "1 if flag else 0"), Assign("at", "=", "at + 1"))
    builder.add("integrate", Map(space="own", body=body, names=names))
    return builder.finish()


def test_each_index_reads_where_its_variable_says_and_0_where_there_is_nothing(backend):
    index = np.concatenate([np.arange(-2, 9), np.random.default_rng(0).integers(0, 7, 190)])
    runner = prepare(reading(index), backend)
    for moved in range(2):
        run_until(runner, moved + 1)
        where = index + moved
        there = (where >= 0) & (where < 7)
        np.testing.assert_array_equal(runner.read("own.found"), np.where(there, where + 0.5, 0))
        np.testing.assert_array_equal(runner.read("own.flagged"), there & (where % 2 == 1))


def test_an_index_must_be_a_whole_number_of_the_own_space():
    with pytest.raises(BackendError, match="the index of .* must be an int variable of own, got own.at of own"):
        check_program(reading(np.arange(3), dtype="float"))
