"""Generated modules: named by their text, and found again by Numba's cache in the next process."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from neurosim.errors import BackendError, DescriptionError
from neurosim.kernels import loader

SCRIPT = """
import json, sys
from neurosim.kernels.loader import load, prelude_text
body = '''
@compiled
def total(x):
    s = 0.0
    for i in range(x.size):
        s += exp64(x[i])
    return s
'''
module = load("adds", prelude_text(), body)
import numpy as np
value = module.total(np.zeros(3))
stats = module.total.stats
print(json.dumps([value, sum(stats.cache_hits.values()), sum(stats.cache_misses.values())]))
"""


def _run(folder):
    environment = dict(os.environ, NEUROSIM_CACHE_DIR=str(folder))
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_second_process_compiles_nothing(tmp_path):
    assert _run(tmp_path) == [3.0, 0, 1]
    assert _run(tmp_path) == [3.0, 1, 0]


def test_two_processes_at_once_both_get_the_module(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(_run, [tmp_path] * 2))
    assert [value for value, _, _ in results] == [3.0, 3.0]
    assert len(list(tmp_path.glob("*.py"))) == 1
    assert not list(tmp_path.glob("*.tmp"))


def test_threads_that_load_at_once_all_get_a_whole_module(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(tmp_path))
    begin = Barrier(4)

    def last_name(number):
        begin.wait()
        return loader.load("slow", "import time\ntime.sleep(0.2)\nlast = 7\n").last

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(last_name, range(4))) == [7] * 4


def test_a_module_that_cannot_be_imported_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(tmp_path))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            loader.load("broken", "x = 1 / 0\n")


def test_the_same_text_is_the_same_module_and_another_text_another(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(tmp_path))
    first = loader.load("numbers", "x = 1\n")
    assert loader.load("numbers", "x = 1\n") is first
    assert loader.load("numbers", "x = 2\n").x == 2
    assert first.x == 1


def test_a_truncated_file_is_written_again(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(tmp_path))
    module = loader.load("whole", "x = 1\ny = 2\n")
    path = tmp_path / f"{module.__name__}.py"
    path.write_text("x = 1\n")
    del sys.modules[module.__name__]
    assert loader.load("whole", "x = 1\ny = 2\n").y == 2


def test_a_module_that_fails_is_not_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(tmp_path))
    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError):
        loader.load("broken", "1 / 0\n")
    assert set(sys.modules) == before


def test_an_unwritable_folder_is_replaced_by_a_temporary_one(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("not a folder")
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(file / "below"))
    monkeypatch.setattr(loader.tempfile, "gettempdir", lambda: str(tmp_path))
    assert loader.cache_folder().parent == tmp_path


def test_where_nothing_can_be_written_the_error_names_the_variable(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("not a folder")
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(file / "below"))
    monkeypatch.setattr(loader.tempfile, "gettempdir", lambda: str(file))
    with pytest.raises(BackendError, match="NEUROSIM_CACHE_DIR"):
        loader.cache_folder()


def test_a_name_that_is_no_identifier_is_refused():
    with pytest.raises(DescriptionError, match="identifier"):
        loader.load("../x", "")


def test_the_prelude_imports_nothing_relative():
    assert "from ." not in loader.prelude_text()
