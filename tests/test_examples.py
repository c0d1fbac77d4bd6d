"""Every script of ``examples/`` runs, from any folder, and stays short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
QUICK_LIMIT, SLOW_LIMIT, LINES = 180.0, 1800.0, 40  # s, s, lines


def is_slow(script: Path) -> bool:
    """A script whose first line is ``# slow`` takes more than some seconds."""
    return script.read_text(encoding="utf-8").startswith("# slow")


def scripts() -> list:
    return [
        pytest.param(path, marks=[pytest.mark.slow] if is_slow(path) else [], id=path.stem)
        for path in sorted(EXAMPLES.glob("*.py"))
    ]


def test_the_folder_of_examples_exists():
    assert EXAMPLES.is_dir()


@pytest.mark.parametrize("script", scripts())
def test_an_example_runs_in_an_empty_folder(script, tmp_path):
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SLOW_LIMIT if is_slow(script) else QUICK_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda script: script.stem)
def test_an_example_is_a_short_script(script):
    assert len(script.read_text(encoding="utf-8").splitlines()) < LINES


def test_the_first_line_marks_a_slow_example(tmp_path):
    script = tmp_path / "long.py"
    script.write_text("# slow\nprint(1)\n", encoding="utf-8")
    assert is_slow(script)
    script.write_text("print(1)\n# slow\n", encoding="utf-8")
    assert not is_slow(script)
