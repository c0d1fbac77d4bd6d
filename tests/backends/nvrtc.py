"""NVIDIA's run-time compilers from their wheels, through ctypes: they compile kernels where there is no GPU."""

import ctypes
import importlib.metadata
import re
from dataclasses import dataclass
from functools import cache

import pytest

WHEELS = {13: "nvidia-cuda-nvrtc", 12: "nvidia-cuda-nvrtc-cu12"}
"""By the major of CUDA; both may be there, and be loaded, at once."""
USED = re.compile(r"Compiling entry function '(\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes "
                  r"spill loads.*?Used (\d+) registers", re.DOTALL)  # fmt: skip


@dataclass(frozen=True)
class Used:
    """What a kernel takes of a processor: registers of a thread, bytes spilled from them."""

    registers: int
    spilled: int


@cache
def library(major: int = 13) -> ctypes.CDLL | None:
    """The compiler of a CUDA major, or None where its wheel is not installed or is of another."""
    try:
        files = importlib.metadata.files(WHEELS[major]) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if re.search(rf"libnvrtc\.so\.{major}$|nvrtc64_{major}\d*_0\.dll$", str(file)):
            return ctypes.CDLL(str(file.locate()))
    return None


def needed(major: int) -> None:
    """Skip a test where a compiler is not installed."""
    if library(major) is None:
        pytest.skip(f"the wheel {WHEELS[major]} of CUDA {major} is not installed")


def compiled(text: str, architecture: str, options: tuple[str, ...], major: int = 13) -> dict[str, Used]:
    """What each kernel of a text uses when it is compiled to machine code for an architecture, such as ``sm_90``."""
    nvrtc = library(major)
    assert nvrtc is not None
    program = ctypes.c_void_p()
    done = nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"program.cu", 0, None, None)
    assert done == 0, done
    words = [f"--gpu-architecture={architecture}", "--ptxas-options=-v", *options]
    given = (ctypes.c_char_p * len(words))(*(word.encode() for word in words))
    done = nvrtc.nvrtcCompileProgram(program, len(words), given)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    said = log.value.decode()
    assert done == 0, said[:4000]
    return {name: Used(int(registers), int(stores) + int(loads))
            for name, _, stores, loads, registers in USED.findall(said)}  # fmt: skip
