"""The processor as a device: kernels built by a C++ compiler behind the shim ``host.h``.

It proves the kernels' text where there is no GPU. It is not meant to be fast.
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BackendError
from ...kernels.loader import cache_folder
from .kernel import from_word
from .launching import word
from .layout import Stored
from .loader import Device, Launcher
from .module import prelude_text

COMPILERS = ("g++", "clang++", "c++")
# optimising would take longer than what is saved in proofs of some hundred steps
FLAGS = ("-std=c++17", "-O0", "-ffp-contract=off", "-fwrapv", "-fPIC", "-pthread", "-w")
MORE = "NEUROSIM_HOST_FLAGS"
"""Names further flags for the compiler, such as ``-O2`` for long runs."""
HERE = Path(__file__).parent
NODE = np.dtype([("run", np.uint64), ("x", np.uint32), ("y", np.uint32), ("threads", np.uint32), ("flush", np.int32),
                 ("words", np.uint64)])
"""A launch in a graph, as ``host.h`` declares it."""
Captured = tuple[tuple[int, ...], Sequence[Any]]
"""A launch taken down: what stands in a node before its words, and the arguments."""


def find_compiler() -> str | None:
    """The C++ compiler of this machine: ``CXX``, or the first of those known; none where threads have no barriers."""
    if not sys.platform.startswith("linux"):
        return None
    chosen = os.environ.get("CXX")
    return next((found for name in ([chosen] if chosen else COMPILERS) if (found := shutil.which(name))), None)


class Placed(np.ndarray):
    """An array that knows its address; asking NumPy for it at every launch takes longer than a small kernel."""

    place: int


class HostDevice(Device):
    """Runs kernels on the processor.

    Parameters
    ----------
    threads
        Threads of a block. One is the quickest; several are real threads, which meet at every barrier.
    flags
        More flags for the compiler, such as ``-fsanitize=thread``.
    busy
        Blocks that share work; more than one, so that they have to.
    """

    def __init__(self, threads: int = 1, flags: Sequence[str] = (), busy: int = 3):
        self.threads, self.flags = threads, (*FLAGS, *os.environ.get(MORE, "").split(), *flags)
        self.busy = self.resident = busy
        compiler = find_compiler()
        if compiler is None:
            raise BackendError(f"cupy: no C++ compiler was found on a Linux machine (tried: {', '.join(COMPILERS)}); "
                               f"name one in CXX")
        self.compiler = compiler
        self._replay: Any = None
        self._captured: list[Captured] | None = None

    def describe(self) -> dict[str, Any]:
        return {"device": "host compiler", "compiler": self.compiler}

    def memory(self) -> tuple[int, int]:
        page = os.sysconf("SC_PAGE_SIZE")
        return page * os.sysconf("SC_AVPHYS_PAGES"), page * os.sysconf("SC_PHYS_PAGES")

    def allocate(self, stored: Stored) -> Placed:
        array = np.zeros(stored.shape, stored.dtype).view(Placed)
        array.place = array.ctypes.data
        if stored.values is not None:
            array[...] = stored.values().reshape(stored.shape)
        return array

    def address(self, array: Any) -> int:
        return int(array.place)

    def write(self, array: Any, values: np.ndarray) -> None:
        array[...] = values

    def read(self, array: Any) -> np.ndarray:
        return np.array(array)

    def compile(
        self, text: str, parameters: Mapping[str, Sequence[str]], together: Collection[str] = ()
    ) -> dict[str, Launcher]:
        launchers = [_launcher_text(name, found) for name, found in parameters.items()]
        dtype = "float32" if text.startswith(prelude_text("float32")) else "float64"
        kernels = text.removeprefix(prelude_text(dtype))
        shim = "#define BLOCKS_TOGETHER\n" * bool(together) + f'#include "{HERE / "host.h"}"\n'
        header = self._header(f"{shim}{prelude_text(dtype)}\n")
        text = "\n".join([f'#include "{header}"', kernels, *launchers])
        library, flush = ctypes.CDLL(str(self._made(text, ".so", "-shared"))), int(dtype == "float32")
        self._replay = library.host_replay
        self._replay.argtypes, self._replay.restype = [ctypes.c_void_p, ctypes.c_longlong], None
        return {name: self._launcher(getattr(library, f"run_{name}"), flush) for name in parameters}

    def capture(self, launches: Callable[[], None]) -> Callable[[], None]:
        """The launches taken down as a graph does it: where everything lies is settled here."""
        captured: list[Captured] = []
        self._captured = captured
        try:
            launches()
        finally:
            self._captured = None
        words = [np.array([_as_word(a) for a in given], np.uint64) for _, given in captured]
        nodes = np.array([(*launch, own.ctypes.data) for (launch, _), own in zip(captured, words, strict=True)], NODE)
        replay, graph = self._replay, (nodes, words, captured)  # what a graph points at lives as long as the graph
        return lambda: replay(graph[0].ctypes.data, len(graph[0]))

    def _header(self, prelude: str) -> Path:
        """The prelude as a file that the compiler has read once, which takes half of the time of a small program."""
        made = self._made(prelude, ".h.gch", "-x", "c++-header")
        header = made.with_suffix("")
        if not header.exists():
            with tempfile.TemporaryDirectory(dir=made.parent) as scratch:
                written = Path(scratch) / header.name
                written.write_text(prelude, encoding="utf-8")
                os.replace(written, header)
        return header

    def _made(self, text: str, kind: str, *flags: str) -> Path:
        """What the compiler makes of a text, from the cache when it is there."""
        shim = (HERE / "host.h").read_text(encoding="utf-8")
        digest = hashlib.sha256("\n".join((text, shim, self.compiler, *self.flags)).encode()).hexdigest()[:20]
        made = cache_folder() / f"neurosim_host_{digest}{kind}"
        if made.exists():
            return made
        with tempfile.TemporaryDirectory(dir=made.parent) as scratch:
            source, result = Path(scratch) / "program.cpp", Path(scratch) / f"program{kind}"
            source.write_text(text, encoding="utf-8")
            command = [self.compiler, *self.flags, *flags, "-o", str(result), str(source)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BackendError(f"the host compiler refused the kernels:\n{done.stderr[:4000]}")
            os.replace(result, made)
        return made

    def _launcher(self, function: Any, flush: int) -> Launcher:
        function.restype = None
        function.argtypes = [ctypes.c_uint] * 3 + [ctypes.c_int, ctypes.c_void_p]
        at = ctypes.cast(function, ctypes.c_void_p).value or 0

        def launch(blocks: int, replicas: int, threads: int, arguments: Sequence[Any]) -> None:
            threads = min(threads, self.threads)
            if self._captured is not None:
                self._captured.append(((at, blocks, replicas, threads, flush), list(arguments)))
                return
            words = np.array([_as_word(a) for a in arguments], np.uint64)
            function(blocks, replicas, threads, flush, words.ctypes.data)

        return launch


def _launcher_text(name: str, parameters: Sequence[str]) -> str:
    """A function that runs all blocks of a kernel; its arguments come as words."""
    given = ", ".join(from_word(parameter.rpartition(" ")[0], f"words[{n}]") for n, parameter in enumerate(parameters))
    head = "unsigned x, unsigned y, unsigned threads, int flush, const unsigned long long* words"
    return f'extern "C" void run_{name}({head}) {{ host::run(x, y, threads, flush, [&] {{ {name}({given}); }}); }}'


def _as_word(argument: Any) -> int:
    return argument.place if isinstance(argument, Placed) else word(argument)
