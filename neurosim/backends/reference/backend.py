"""The backend itself: checks a program and makes its runner."""

from collections.abc import Sequence

from ...program import Probe, Program, check_probes, check_program
from ..base import Backend, Options, Runner
from .runner import ReferenceRunner


class ReferenceBackend(Backend):
    """The oracle that the other backends are compared with.

    It calculates in float64 and on one thread whatever the options say, so that there is one right answer;
    ``info`` of its runners says so.
    """

    name = "reference"

    def prepare(self, program: Program, probes: Sequence[Probe], options: Options) -> Runner:
        """Check the program and take up its initial values.

        Raises
        ------
        BackendError
            When the operations do not fit the spaces, edges or lists that they name.
        NetworkError
            When a probe names a buffer or list that there is not.
        """
        check_program(program)
        check_probes(program, probes)
        return ReferenceRunner(program, probes)
