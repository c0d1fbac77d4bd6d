"""The command line, in this process and in one of its own."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from neurosim import Recording, catalog
from neurosim.catalog import Claim, Entry
from neurosim.cli import app, main

RUNNER = CliRunner()


def invoke(*arguments: str):
    return RUNNER.invoke(app, list(arguments))


def failed(capsys, *arguments: str) -> tuple[int, str]:
    """Exit status and standard error of ``main``, which turns errors into lines."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return left.value.code, capsys.readouterr().err


def wrong_number(*, backend: str, seed: int) -> float:
    return 41.0


@pytest.fixture
def false_entry(monkeypatch):
    """A catalog of one entry whose only claim does not hold."""
    claim = Claim("the answer", wrong_number, low=42.0, high=42.0, where="page 42", why="it is known")
    entry = Entry(title="An answer", paper="Adams (1979). doi:10.1000/42", family="numbers", build=lambda: None,
                  figure=lambda ax, recording=None: ax, claims=(claim,))
    for module in ("neurosim.cli.checking", "neurosim.cli.entries"):
        monkeypatch.setattr(f"{module}.entry", lambda name: entry)


def test_list_shows_every_entry():
    shown = invoke("list")
    assert shown.exit_code == 0
    assert all(name in shown.stdout for name in catalog.names())


def test_list_as_json_is_valid_and_complete():
    found = json.loads(invoke("list", "--json").stdout)
    assert [one["name"] for one in found] == catalog.names()
    assert all(one["doi"].startswith("https://doi.org/10.") and sum(one["claims"].values()) for one in found)


def test_info_shows_paper_parameters_and_claims():
    shown = invoke("info", "vogels_abbott_2005")
    assert shown.exit_code == 0
    assert "10.1523/JNEUROSCI.3508-05.2005" in shown.stdout
    assert "'coba'" in shown.stdout
    assert "4000" in shown.stdout


def test_run_writes_recording_figure_and_how_they_came_about(tmp_path):
    folder = tmp_path / "results"
    shown = invoke("run", "vogels_abbott_2005", "--set", "kind=cuba", "--set", "size=500", "--duration", "50",
                   "--seed", "4", "--out", str(folder))
    assert shown.exit_code == 0, shown.output
    recording = Recording.load(folder / "recording")
    assert recording.duration == 50.0
    assert recording["exc.spikes"].size == 400
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert about["parameters"] == {"kind": "cuba", "size": 500}
    assert (about["seed"], about["duration"], about["dt"]) == (4, 50.0, 0.1)


def test_run_does_not_write_over_an_earlier_run_unless_told(tmp_path, capsys):
    arguments = ["run", "vogels_abbott_2005", "--set", "size=200", "--duration", "10", "--out", str(tmp_path)]
    assert invoke(*arguments).exit_code == 0
    status, said = failed(capsys, *arguments)
    assert status == 2
    assert "holds an earlier run" in said
    assert invoke(*arguments, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("sise=100", "--set: no parameter 'sise'; did you mean 'size'?; there are: kind, size"),
        ("size", "--set takes NAME=VALUE, got 'size'"),
        ("=3", "--set takes NAME=VALUE, got '=3'"),
        ("size=many", "--set: size must be a whole number, got 'many'"),
        ("size=100.5", "--set: size must be a whole number, got '100.5'"),
        ("kind=hh", "kind must be one of coba, cuba, got 'hh'"),
    ],
)
def test_a_wrong_setting_is_one_line_and_status_2(setting, message, tmp_path, capsys):
    folder = tmp_path / "results"
    status, said = failed(capsys, "run", "vogels_abbott_2005", "--set", setting, "--out", str(folder))
    assert status == 2
    assert said == f"neurosim: {message}\n"
    assert not (folder / "recording").exists()


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("hopfield_1982", "load=nan", "--set: load must be a number, got 'nan'"),
        ("hopfield_1982", "load=-1", "load must be >= 0 and finite, got -1.0"),
        ("agliari_2023_multitasking", "begin=abc", "begin must be one of hierarchical, parallel, got 'abc'"),
        ("pfister_gerstner_2006", "rule=abc", "rule must be one of pair, triplet, got 'abc'"),
        ("tsodyks_markram_1997", "scheme=abc", "scheme must be one of full, reduced, got 'abc'"),
        ("vo_2023", "channels=-1", "--set: vo_2023 cannot be built with channels=-1: negative dimensions are not "
         "allowed"),
    ],
)
def test_a_value_that_a_model_cannot_take_is_one_line_and_status_2(name, setting, message, tmp_path, capsys):
    status, said = failed(capsys, "run", name, "--set", setting, "--out", str(tmp_path / "results"))
    assert (status, said) == (2, f"neurosim: {message}\n")
    assert not (tmp_path / "results").exists()


def test_a_setting_given_twice_is_refused(capsys):
    status, said = failed(capsys, "run", "vogels_abbott_2005", "--set", "size=200", "--set", "size=300")
    assert (status, "given twice" in said) == (2, True)


def test_settings_take_the_types_that_build_declares():
    from neurosim.cli.running import parse_settings

    model = catalog.entry("potjans_diesmann_2014")
    found = parse_settings(model, ["scale=0.5", "neurons_scale=none", "indegree_scale=1", "drive=dc"])
    assert found == {"scale": 0.5, "neurons_scale": None, "indegree_scale": 1.0, "drive": "dc"}


def test_an_unwritable_folder_is_told_before_anything_runs(tmp_path, capsys):
    taken = tmp_path / "file"
    taken.write_text("not a folder", encoding="utf-8")
    status, said = failed(capsys, "run", "vogels_abbott_2005", "--duration", "1e9", "--out", str(taken / "results"))
    assert status == 1
    assert said.startswith(f"neurosim: cannot write into {taken / 'results'}: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--duration", "0"), 2, "duration must be a multiple of the time step 0.1 ms and > 0, got 0.0"),
        (("--dt", "0.2"), 2, "delay must be at least one step"),
        (("--backend", "cuda"), 1, "no backend 'cuda'"),
    ],
)
def test_a_run_that_cannot_begin_leaves_nothing_behind(options, status, message, tmp_path, capsys):
    folder = tmp_path / "results"
    left, said = failed(capsys, "run", "vogels_abbott_2005", *options, "--out", str(folder))
    assert (left, said.count("\n")) == (status, 1)
    assert message in said
    assert not folder.exists()


def test_an_unknown_name_is_one_line_and_status_2(capsys):
    for command in ("info", "run", "check"):
        status, said = failed(capsys, command, "brunel")
        assert status == 2
        assert said.startswith("neurosim: no entry 'brunel'; did you mean 'brunel_2000'?")
        assert said.count("\n") == 1


def test_an_unknown_backend_is_one_line_and_status_1(capsys):
    status, said = failed(capsys, "check", "vogels_abbott_2005", "--backend", "numpa")
    assert status == 1
    assert said.startswith("neurosim: no backend 'numpa'; did you mean 'numba'?")


def test_wrong_usage_has_status_2():
    for arguments in (["check"], ["check", "brunel_2000", "--all"], ["check", "--all", "--quick", "--full"],
                      ["run"], ["nothing"], ["list", "--yaml"], ["run", "brunel_2000", "--seed", "-1"]):
        assert invoke(*arguments).exit_code == 2, arguments


def test_a_claim_that_does_not_hold_is_reported_with_its_number_and_status_1(false_entry):
    shown = invoke("check", "any")
    assert shown.exit_code == 1
    assert "does not hold" in shown.stdout
    assert "41" in shown.stdout


def test_a_claim_that_does_not_hold_is_reported_in_json_too(false_entry):
    shown = invoke("check", "any", "--json")
    assert shown.exit_code == 1
    (one,) = json.loads(shown.stdout)
    assert (one["value"], one["low"], one["holds"], one["cost"]) == (41.0, 42.0, False, "quick")


def test_a_claim_that_is_known_not_to_hold_is_reported_and_may_be_allowed(monkeypatch):
    claim = Claim("the answer", wrong_number, low=42.0, high=42.0, where="page 42", why="it is known", misses="41 here")
    entry = Entry(title="An answer", paper="Adams (1979). doi:10.1000/42", family="numbers", build=lambda: None,
                  figure=lambda ax, recording=None: ax, claims=(claim,))
    for module in ("neurosim.cli.checking", "neurosim.cli.entries"):
        monkeypatch.setattr(f"{module}.entry", lambda name: entry)
    assert invoke("check", "any").exit_code == 1
    shown = invoke("check", "any", "--allow-known")
    assert shown.exit_code == 0
    assert "1 does not hold, 1 of which known" in shown.stdout
    assert "41 here" in shown.stdout
    assert "Known not to hold: the answer. Measured here: 41 here" in invoke("info", "any").stdout


def test_info_says_what_the_parameters_are():
    shown = invoke("info", "brunel_2000").stdout
    assert "Strength of inhibitory relative to excitatory synapses." in shown


def test_check_as_json_is_valid_and_has_every_quick_claim():
    shown = invoke("check", "vogels_abbott_2005", "--quick", "--json")
    assert shown.exit_code == 0
    found = json.loads(shown.stdout)
    claims = [claim for claim in catalog.entry("vogels_abbott_2005").claims if claim.cost == "quick"]
    assert [one["claim"] for one in found] == [claim.text for claim in claims]
    assert all(one["holds"] and one["low"] <= one["value"] <= one["high"] for one in found)


def test_doctor_tries_every_backend():
    from neurosim.backends import backend_names

    shown = invoke("doctor", "--json")
    found = json.loads(shown.stdout)
    assert set(found["backends"]) == set(backend_names())
    assert found["backends"]["reference"]["works"]
    assert found["cores"] >= 1
    assert found["packages"]["numpy"]
    assert shown.exit_code == (0 if found["well"] else 1)
    assert "works" in invoke("doctor").stdout


def test_doctor_says_why_a_backend_does_not_work(monkeypatch):
    reason = "the backend 'numba' needs the package numba: pip install numba"
    monkeypatch.setattr("neurosim.cli.health.available", lambda name: reason if name == "numba" else None)
    shown = invoke("doctor", "--json")
    assert json.loads(shown.stdout)["backends"]["numba"] == {
        "works": False, "reason": reason, "seconds": pytest.approx(0.0, abs=1.0), "remark": ""
    }


def test_doctor_says_when_the_cache_chosen_cannot_be_written_to(monkeypatch, tmp_path):
    from neurosim.cli.health import look_at_cache

    taken = tmp_path / "file"
    taken.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(taken))
    assert look_at_cache()["remark"] == f"NEUROSIM_CACHE_DIR is {taken}, which cannot be written to"
    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(tmp_path / "cache"))
    found = look_at_cache()
    assert (found["folder"], found["remark"], found["error"]) == (str(tmp_path / "cache"), "", "")


def test_demo_shows_rates_and_writes_raster_and_recording(tmp_path):
    folder = tmp_path / "demo"
    shown = invoke("demo", "--out", str(folder), "--scale", "0.02")
    assert shown.exit_code == 0, shown.output
    assert all(name in shown.stdout for name in ("L23E", "L6I", "8.63"))
    assert (folder / "figure.png").exists()
    assert len(Recording.load(folder / "recording")) == 8


def test_the_command_starts_without_anything_heavy(tmp_path):
    code = (
        "import sys; sys.argv = ['neurosim', '--help']\n"
        "from neurosim.cli import main\n"
        "try:\n    main()\nexcept SystemExit as left:\n    assert left.code in (0, None)\n"
        "heavy = {'numba', 'numpy', 'scipy', 'sympy', 'pint', 'matplotlib', 'torch'} & set(sys.modules)\n"
        "print(heavy, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: neurosim" in done.stdout
    assert done.stderr.strip() == "set()"


def test_the_module_is_the_command_and_prints_no_traceback(tmp_path):
    done = subprocess.run([sys.executable, "-m", "neurosim", "info", "brunel"], capture_output=True, text=True,
                          cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "did you mean 'brunel_2000'?" in done.stderr
    assert "Traceback" not in done.stderr
