"""Make the virtual environments of the benchmark peers.

    python benchmarks/make_peers.py [nest brian2 brainpy torch tmu hflayers] [--into .peers] [--again]

Each peer lives in an environment of its own, because they do not resolve together. Without names the
two that ``spiking.py`` needs are made. What stands already, at the versions asked for, is left alone.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH_INDEX = os.environ.get("TORCH_INDEX", "")
"""Where torch comes from, such as https://download.pytorch.org/whl/cpu; pip's own index when empty, as for ``make``."""
HFLAYERS = os.environ.get(
    "HFLAYERS", "git+https://github.com/ml-jku/hopfield-layers@f56f929c95b77a070ae675ea4f56b6d54d36e730"
)
"""hflayers is not on PyPI: its repository at its last commit, version 1.0.2, or a folder with a copy of it."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """How one environment is made.

    Parameters
    ----------
    steps
        Arguments of one ``pip install`` after another.
    probe
        Python statements that print the version and fail when the environment is unfit.
    compiler
        Whether part of what is measured needs a C++ compiler.
    """

    steps: tuple[tuple[str, ...], ...]
    probe: str
    compiler: bool = False


# numba and scipy come with SpikingJelly's own imports, which --no-deps leaves out together with the
# packages that pin other versions of torch
PEERS = {
    "nest": Peer(
        steps=(("nest-simulator==3.10.*",),),
        probe="import importlib.metadata as m; import nest; print('NEST', m.version('nest-simulator'))",
    ),
    "brian2": Peer(
        steps=(("brian2==2.9.*", "numpy<2.4", "cython", "setuptools"),),
        probe="import brian2, cython; print('Brian 2', brian2.__version__)",
        compiler=True,
    ),
    "brainpy": Peer(
        steps=(("brainpy", "brainpylib", "jax[cpu]"),),
        probe="import brainpy; print('brainpy', brainpy.__version__)",
    ),
    "torch": Peer(
        steps=(
            ("torch==2.13.0", *(("--index-url", TORCH_INDEX) if TORCH_INDEX else ())),
            ("torch==2.13.0", "snntorch==1.0.*", "norse"),  # else torchvision brings the newest torch
            ("--no-deps", "spikingjelly==2.0.*"),
            ("scipy", "matplotlib", "tqdm", "loguru"),
        ),
        probe="import torch, snntorch, norse, spikingjelly; print('torch', torch.__version__)",
    ),
    "hflayers": Peer(
        steps=(
            ("torch==2.13.0", *(("--index-url", TORCH_INDEX) if TORCH_INDEX else ())),
            ("numpy",),
            ("--no-deps", HFLAYERS),
        ),
        probe="import importlib.metadata as m, hflayers; print('hflayers', m.version('hopfield-layers'))",
    ),
    "tmu": Peer(
        # its clauses are filled with ~0, which newer versions of NumPy refuse
        steps=(("tmu==0.8.*", "numpy<2", "pandas<3"),),
        probe="import importlib.metadata as m, tmu.models.classification.vanilla_classifier\n"
        "print('tmu', m.version('tmu'))",
    ),
}


def python_of(folder: Path) -> Path:
    """The interpreter of the environment at ``folder``."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def probe(folder: Path, peer: Peer) -> str:
    """The last line that the environment's probe prints, or an empty string where it fails."""
    python = python_of(folder)
    if not python.exists():
        return ""
    done = subprocess.run([python, "-c", peer.probe], capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    return lines[-1] if done.returncode == 0 and lines else ""


def stands(folder: Path, peer: Peer) -> str:
    """What the environment at ``folder`` offers, if it was made from these very steps."""
    stamp = folder / "made_from.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != [list(step) for step in peer.steps]:
        return ""
    return probe(folder, peer)


def make(name: str, into: Path, again: bool = False) -> str:
    """Make the environment of the peer ``name`` in ``into`` and say in one line what was done."""
    peer, folder = PEERS[name], into / name
    found = "" if again else stands(folder, peer)
    if found:
        return f"{name}: {found} stands already in {folder}"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    for step in peer.steps:
        print(f"{name}: pip install {' '.join(step)}", flush=True)
        subprocess.run([python_of(folder), "-m", "pip", "install", "--quiet", *step], check=True)
    found = probe(folder, peer)
    if not found:
        raise RuntimeError(f"{name}: installed in {folder}, but this fails there: {peer.probe}")
    (folder / "made_from.json").write_text(json.dumps(peer.steps))
    return f"{name}: made {found} in {folder}"


def compiler() -> str | None:
    """Path of a C++ compiler, or None."""
    return next((path for path in map(shutil.which, ("g++", "clang++", "c++")) if path), None)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"{', '.join(PEERS)}; nest brian2 if none")
    parser.add_argument("--into", type=Path, default=ROOT / ".peers", help="folder of the environments")
    parser.add_argument("--again", action="store_true", help="make them anew even if they stand")
    chosen = parser.parse_args(arguments)
    chosen.peers = chosen.peers or ["nest", "brian2"]
    for name in chosen.peers:
        if name not in PEERS:
            parser.error(f"no peer {name!r}; there are: {', '.join(PEERS)}")
    return chosen


def main() -> int:
    """Make each peer asked for; the exit status is 1 if one could not be made."""
    chosen, failed = parse(), 0
    for name in chosen.peers:
        try:
            print(make(name, chosen.into, chosen.again), flush=True)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"{name}: not made: {error}", file=sys.stderr, flush=True)
            failed = 1
            continue
        if PEERS[name].compiler and not compiler():
            print(f"{name}: no C++ compiler found; its compiled modes cannot be measured", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
