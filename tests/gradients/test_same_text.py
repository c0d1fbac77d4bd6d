"""What is generated must not depend on the order of sets, or nothing compiled is found again by the next process."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
sys.path.insert(0, {folder!r})
import hashlib
from scans import smooth, spiking
from neurosim.backends.numba.scans.homes import find_homes
from neurosim.backends.numba.scans.module import make_scan_module
from neurosim.gradients import adjoint, stages
import numpy as np
for scan in (smooth(), spiking()):
    found = adjoint(scan, scan.of_kind("input", "parameter", "matrix"))
    for one in (found.forward, found.backward):
        cut = stages(one)
        made = make_scan_module(one, cut, find_homes(one, cut, (), ()), np.dtype("float32"), ())
        print(hashlib.sha256(made.text.encode()).hexdigest(), made.arguments)
"""


def text_of(seed: int) -> str:
    code = CODE.format(folder=str(Path(__file__).parent))
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_process_generates_the_same_text():
    assert text_of(1) == text_of(2) == text_of(3)
