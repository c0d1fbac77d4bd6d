"""Ctrl-C that waits until the state is whole."""

import signal
import threading
from types import FrameType, TracebackType


class Interrupt:
    """Within its ``with`` block the first Ctrl-C is noted in ``asked``; a second raises KeyboardInterrupt.

    An interrupt in the middle of a step would leave a state that belongs to no time. Outside the main thread,
    and where the program has a handler of its own, nothing is changed.
    """

    def __init__(self) -> None:
        self.asked = False
        self._mine = False

    def __enter__(self) -> "Interrupt":
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)
            self._mine = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
