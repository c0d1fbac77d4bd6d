"""The benchmark scripts: what they are asked, what they compute and what they print."""

import io
import json
import math
import os
import subprocess
import sys
import textwrap
from argparse import ArgumentTypeError
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from benchmark_scripts import FOLDER, load

spiking = load("spiking")
make_peers = load("make_peers")
measure = load("measure")
records = load("records")
workloads = load("workloads")
outcome = load("outcome")
training_memory = load("training_memory")

FIELDS = {
    "row", "tool", "version", "threads", "build_s", "compile_s", "simulate_s", "rss_mib", "rate_hz", "ratio",
    "dtype", "machine", "model_seconds",
}  # fmt: skip


def tool(name="neurosim", threads=1, caches=False, script=Path("s.py")):
    return measure.Tool(
        name=name, python=Path(sys.executable), script=script, threads=threads, dtype="float32", caches=caches
    )


def run(of, turn, simulate_s, load=0.0, **answer):
    said = {
        "tool": of.name, "version": "1", "threads": of.threads, "dtype": of.dtype, "model_seconds": 1.0,
        "build_s": 1.0, "compile_s": 0.0, "simulate_s": simulate_s, "rss_mib": 100.0, "rate_hz": 10.0,
        "cv": 1.0,
    }  # fmt: skip
    return measure.Measured(tool=of, round=turn, answer=said | answer, wall_s=2.0, other_load=load)


def lines_of(runs, row="coba"):
    return records.lines(row, runs, "here", rate_tolerance=0.05, cv_tolerance=0.05)


# --- command lines -----------------------------------------------------------------------------


def test_a_group_of_peers_stands_for_its_tools_once():
    assert spiking.names_of("brian2-cpp,brian2,nest") == ["brian2-cpp", "brian2-cython", "nest"]
    assert spiking.names_of("") == []


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("names_of", "genesis"),
        ("numbers", "1,zero"),
        ("numbers", "0"),
        ("precisions", "float16"),
        ("above_zero", "-1"),
        ("above_zero", "nan"),
        ("at_most_one", "1.5"),
    ],
)
def test_a_wrong_value_is_refused_with_itself_in_the_message(function, text):
    with pytest.raises(ArgumentTypeError) as caught:
        getattr(spiking, function)(text)
    assert repr(text) in str(caught.value) or repr(text.split(",")[-1]) in str(caught.value)


def test_the_defaults_measure_every_peer_at_one_and_two_threads():
    asked = spiking.parse(["coba"])
    assert asked.peers == ["nest", "brian2-cython", "brian2-cpp"]
    assert (asked.threads, asked.dtype, asked.repeat, asked.scale) == ([1, 2], ["float32"], 3, 1.0)


@pytest.mark.parametrize(
    "arguments", [["cobra"], [], ["coba", "--repeat", "0"], ["coba", "--json", "/no/such/x.json"]]
)
def test_an_unusable_command_line_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        spiking.parse(arguments)
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err


def test_brian_runs_no_microcircuit_and_cython_no_second_thread(tmp_path):
    assert spiking.peer_tools("microcircuit", "brian2-cpp", [1, 2], tmp_path) == []
    assert [t.threads for t in spiking.peer_tools("coba", "brian2-cython", [1, 2], tmp_path)] == [1]
    assert [t.options for t in spiking.peer_tools("coba", "brian2-cpp", [2], tmp_path)] == [("--mode", "cpp")]


def test_a_peer_that_is_not_made_is_named_and_left_out(tmp_path):
    said = []
    asked = spiking.parse(["coba", "--environments", str(tmp_path), "--peers", "nest", "--threads", "1"])
    assert [t.name for t in spiking.tools("coba", asked, said.append)] == ["neurosim"]
    assert len(said) == 1 and "nest" in said[0] and "make_peers.py" in said[0]


def test_peers_to_make_are_nest_and_brian_unless_named(capsys):
    assert make_peers.parse([]).peers == ["nest", "brian2"]
    assert make_peers.parse(["torch"]).peers == ["torch"]
    with pytest.raises(SystemExit):
        make_peers.parse(["neuron"])
    assert "nest, brian2, brainpy, torch" in capsys.readouterr().err


def test_an_environment_made_from_other_steps_does_not_stand(tmp_path):
    peer = make_peers.Peer(steps=(("this==1",),), probe="print('fit')")
    python = make_peers.python_of(tmp_path)
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    assert make_peers.stands(tmp_path, peer) == ""
    (tmp_path / "made_from.json").write_text(json.dumps([["this==1"]]))
    assert make_peers.stands(tmp_path, peer) == "fit"
    (tmp_path / "made_from.json").write_text(json.dumps([["this==2"]]))
    assert make_peers.stands(tmp_path, peer) == ""


# --- arithmetic --------------------------------------------------------------------------------


def test_the_ratio_is_the_median_of_ratios_within_rounds():
    # the machine is twice as slow in the second round, for both
    ours, theirs = tool(), tool("nest")
    mine = [run(ours, 0, 1.0), run(ours, 1, 2.0), run(ours, 2, 1.0)]
    others = [run(theirs, 0, 4.0), run(theirs, 1, 8.0), run(theirs, 2, 3.0)]
    assert records.ratio("simulate_s", others, mine) == 4.0


def test_rounds_beside_other_load_do_not_count_while_there_are_others():
    ours, theirs = tool(), tool("nest")
    mine = [run(ours, 0, 1.0, load=0.9), run(ours, 1, 1.0)]
    others = [run(theirs, 0, 90.0), run(theirs, 1, 5.0)]
    assert records.ratio("simulate_s", others, mine) == 5.0
    line = lines_of(mine)[0]
    assert line.record.simulate_s == 1.0
    assert line.load == "1 of 2 runs beside other load (up to 0.9), left out"


def test_ratios_are_to_the_fastest_neurosim_and_1_for_itself():
    one, two, nest = tool(), tool(threads=2), tool("nest")
    made = lines_of([run(one, 0, 1.0), run(two, 0, 0.5), run(nest, 0, 4.0)])
    assert [line.record.ratio for line in made] == [2.0, 1.0, 8.0]


def test_memory_and_building_have_ratios_of_their_own():
    nest = tool("nest")
    runs = [run(tool(), 0, 1.0, rss_mib=100.0, build_s=2.0), run(nest, 0, 1.0, rss_mib=740.0, build_s=58.0)]
    assert lines_of(runs, "microcircuit-memory")[1].record.ratio == 7.4
    assert lines_of(runs, "build")[1].record.ratio == 29.0


def test_what_the_first_start_takes_longer_is_compiling():
    own = tool(caches=True)
    runs = [run(own, 0, 1.0, build_s=6.0, compile_s=None), run(own, 1, 1.0, build_s=1.5, compile_s=None)]
    line = lines_of(runs)[0]
    assert (line.record.build_s, line.record.compile_s, line.compile_again_s) == (1.5, 4.5, None)


def test_without_neurosim_there_is_no_ratio():
    assert lines_of([run(tool("nest"), 0, 1.0)])[0].record.ratio is None


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        ({}, ""),
        ({"rate_hz": 10.4}, ""),
        ({"rate_hz": 9.0}, "rate -10%"),
        ({"cv": 1.2}, "CV +0.20"),
        ({"rate_hz": 0.0, "cv": None}, "rate -100%"),
    ],
)
def test_a_tool_with_other_dynamics_is_marked(answer, remark):
    made = lines_of([run(tool(), 0, 1.0), run(tool("nest"), 0, 4.0, **answer)])
    assert made[1].remark == remark
    assert (f"not the same dynamics: {remark}" in records.cells(made[1])[-1]) == bool(remark)


def test_weights_are_shown_and_must_agree():
    ours, theirs = tool(), tool("nest")
    learnt = {"weight_mean": 0.45, "weight_sd": 0.33}
    runs = [run(ours, 0, 1.0, **learnt), run(theirs, 0, 4.0, **learnt | {"weight_mean": 0.48})]
    made = lines_of(runs, "stdp")
    assert made[0].remark == "" and "weights 0.450 ± 0.330" in records.cells(made[0])[-1]
    assert made[1].remark == "weights +0.03, their sd +0.00"
    assert lines_of([runs[0], run(theirs, 0, 4.0, **learnt)], "stdp")[1].remark == ""


def test_busy_time_leaves_out_idling_and_waiting():
    ticks = os.sysconf("SC_CLK_TCK")
    assert measure.busy_seconds(f"cpu {ticks} {ticks} 0 999 777 0 0 {ticks} 5 5\ncpu0 1") == 3.0


# --- what is printed and written ---------------------------------------------------------------


def test_json_records_have_the_agreed_fields_and_every_answer(tmp_path):
    runs = [run(tool(), 0, 1.0), run(tool("nest"), 0, 4.0)]
    records.write(tmp_path / "out.json", [asdict(line.record) for line in lines_of(runs)], {"coba": runs})
    read = json.loads((tmp_path / "out.json").read_text())
    assert [set(record) for record in read["records"]] == [FIELDS, FIELDS]
    assert [entry["simulate_s"] for entry in read["runs"]] == [1.0, 4.0]


def test_the_table_shows_each_tool_in_a_line():
    from rich.console import Console

    console = Console(width=200, file=io.StringIO())
    made = lines_of([run(tool(), 0, 0.0123456), run(tool("nest"), 0, 4321.0)])
    console.print(records.table(records.COLUMNS, map(records.cells, made), "a machine"))
    text = console.file.getvalue()
    assert "a machine" in text and "0.0123" in text and "4321" in text and "nest 1" in text


def test_numbers_are_short_and_what_is_missing_is_a_dash():
    values = (None, 0.0, 0.00123456, 12345.6)
    assert [records.cell(value) for value in values] == ["–", "0", "0.00123", "12346"]


# --- processes ---------------------------------------------------------------------------------


def fake(tmp_path, body):
    script = tmp_path / "fake.py"
    script.write_text(textwrap.dedent(body))
    return script


def test_tools_run_in_turn_with_a_seed_for_each_round(tmp_path):
    script = fake(
        tmp_path,
        """
        import json, os, sys
        print("a banner")
        print(json.dumps({"arguments": sys.argv[1:], "cache": os.environ["NEUROSIM_CACHE_DIR"]}))
        """,
    )
    said = []
    both = [tool("a", script=script), tool("b", threads=2, script=script)]
    runs, later = measure.in_turn(both, ["coba"], 2, said.append)
    assert [(r.tool.name, r.round) for r in runs] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    seeds = [r.answer["arguments"][r.answer["arguments"].index("--seed") + 1] for r in runs]
    assert seeds == ["1", "1", "2", "2"]
    # compiled code stays from round to round and is shared with nobody
    caches = [r.answer["cache"] for r in runs]
    assert caches[0] == caches[2] != caches[1] == caches[3]
    assert later == [] and len(said) == 4


def test_a_start_is_measured_with_nothing_compiled_and_again(tmp_path):
    script = fake(
        tmp_path,
        """
        import json, os
        from pathlib import Path
        mark = Path(os.environ["NEUROSIM_CACHE_DIR"]) / "compiled"
        print(json.dumps({"compiled": mark.exists()}))
        mark.touch()
        """,
    )
    first, later = measure.in_turn([tool(script=script)], ["start"], 2, lambda text: None, twice=True)
    assert [r.answer["compiled"] for r in first] == [False, False]
    assert [r.answer["compiled"] for r in later] == [True, True]
    assert [r.answer["simulate_s"] for r in spiking.started(first)] == [r.wall_s for r in first]


def test_a_tool_that_fails_is_reported_and_the_others_go_on(tmp_path):
    bad = fake(tmp_path, "import sys; sys.exit('no such simulator')")
    good = tmp_path / "good.py"
    good.write_text("print('{}')")
    said = []
    runs, _ = measure.in_turn([tool("bad", script=bad), tool("good", script=good)], ["coba"], 2, said.append)
    assert [r.tool.name for r in runs] == ["good", "good"]
    assert sum("no such simulator" in text for text in said) == 1


def test_a_process_without_an_answer_is_an_error(tmp_path):
    with pytest.raises(measure.PeerError, match="no line of JSON"):
        measure.run_once(tool(script=fake(tmp_path, "print('hello')")), ["coba"], tmp_path, 0)


# --- workloads ---------------------------------------------------------------------------------


def test_the_full_microcircuit_has_its_published_size():
    full = workloads.microcircuit(1.0)
    assert sum(full.sizes) == 77_169 == workloads.WORKLOADS["microcircuit"].size
    # van Albada et al. (2018): about 0.3 billion synapses
    assert 298e6 < sum(map(sum, full.synapses)) < 300e6
    assert full.current == (0.0,) * 8
    assert full.weights[0][2] == 2 * workloads.WEIGHT and full.weights[3][5] == -4 * workloads.WEIGHT


def test_a_smaller_microcircuit_keeps_mean_and_variance_of_its_input():
    full, small = workloads.microcircuit(1.0), workloads.microcircuit(0.1)
    rates = workloads.FULL_RATES

    def moments(numbers, i):
        degrees = [k / numbers.sizes[i] for k in numbers.synapses[i]]
        drive = numbers.external[i] * workloads.EXTERNAL_RATE
        inputs = zip(numbers.weights[i], degrees, rates, strict=True)
        terms = [(w, k * r) for w, k, r in inputs] + [(numbers.external_weight, drive)]
        # an input of w pA decaying in tau_syn carries w tau_syn of charge: 1e-3 turns ms Hz into a share
        mean = numbers.current[i] + 1e-3 * workloads.CELL["tau_syn"] * sum(w * n for w, n in terms)
        return mean, sum(w * w * n for w, n in terms)

    for i in range(8):
        # neurons and synapses are whole numbers: population 5 has 106 neurons for 106.5
        for scaled, whole in zip(moments(small, i), moments(full, i), strict=True):
            assert scaled == pytest.approx(whole, rel=0.02)


@pytest.mark.parametrize("scale", [0.0, -0.1, 1.1])
def test_a_scale_outside_its_range_is_refused(scale):
    with pytest.raises(ValueError, match="scale"):
        workloads.microcircuit(scale)


def test_the_external_rate_of_brunel_is_twice_the_threshold_rate():
    # nu_thr = theta / (J C_E tau), Brunel (2000) after equation 12; the rate is that of one train
    p = workloads.brunel_numbers()
    assert p["rate_ext"] == pytest.approx(2 * 1000 * p["threshold"] / (p["w"] * p["c_e"] * p["tau_m"]))


@pytest.mark.parametrize("regime", workloads.REGIMES)
def test_a_smaller_network_of_brunel_keeps_the_mean_of_its_input(regime):
    full, small = (workloads.brunel_numbers(regime, scale) for scale in (1.0, 0.2))
    for factors in (("c_e", "w"), ("c_i", "w", "g"), ("c_ext", "w", "rate_ext")):
        means = [math.prod(p[name] for name in factors) for p in (full, small)]
        assert means[1] == pytest.approx(means[0])
    assert (small["n_e"], small["n_i"]) == (2000, 500)


def test_seconds_change_only_rows_that_are_timed():
    assert workloads.workload("coba", seconds=2.0).seconds == 2.0
    assert workloads.workload("build", seconds=2.0).seconds == 0.0


def test_what_is_compared_with_nest_is_not_timed():
    assert not set(workloads.COMPARED) & set(workloads.WORKLOADS)
    assert all(not one.seconds and one.observe for one in workloads.COMPARED.values())


def test_rate_and_variation_of_known_trains():
    # neuron 0 every 10 ms, neuron 1 after 5 and 15 ms in turn: CV 0 and 5 / 10
    regular = np.arange(0.0, 1000.0, 10.0)
    uneven = np.cumsum(np.tile([5.0, 15.0], 50))
    times = np.concatenate([uneven, regular])
    indices = np.repeat([1, 0], [uneven.size, regular.size])
    rate, cv = outcome.rate_and_cv(times, indices, 4, 1.0)
    assert rate == 200 / 4
    # the intervals of neuron 1 begin and end with 15: 50 of these, 49 of 5
    assert cv == pytest.approx(np.std([15.0] * 50 + [5.0] * 49) / np.mean([15.0] * 50 + [5.0] * 49) / 2)


def test_the_spread_of_weights_is_in_shares_of_the_largest():
    assert outcome.spread(np.array([0.0, 2.0, 2.0, 4.0]), 4.0) == {
        "weight_mean": 0.5, "weight_sd": pytest.approx(np.sqrt(0.125)),
    }  # fmt: skip


def test_silence_has_a_rate_of_zero_and_no_variation():
    assert outcome.rate_and_cv(np.zeros(0), np.zeros(0, int), 10, 1.0) == (0.0, None)


def test_the_help_of_the_script_lists_the_rows():
    done = subprocess.run(
        [sys.executable, FOLDER / "spiking.py", "--help"], capture_output=True, text=True, check=True
    )
    assert all(row in done.stdout for row in workloads.WORKLOADS)


# --- what a sequence takes of memory -----------------------------------------------------------


def test_what_a_sequence_takes_is_what_a_process_takes_beyond_two_steps(tmp_path, monkeypatch):
    asked = []

    def ran(one, arguments, cache, turn):
        steps = int(arguments[arguments.index("--steps") + 1])
        asked.append(steps)
        answer = {"rss_mib": 100.0 + 2.0 * (steps - 2) ** 0.5, "version": "1"}
        return measure.Measured(tool=one, round=turn, answer=answer, wall_s=1.0, other_load=0.0)

    monkeypatch.setattr(training_memory, "run_once", ran)
    runs, taken = training_memory.taken(tool(caches=True), "train-elm", tmp_path)
    assert asked == [2, 2, 500, 2000] and len(runs) == 4  # what it compiles is not counted
    assert taken == pytest.approx([2 * 498**0.5, 2 * 1998**0.5])
    peer = [3 * one for one in taken]
    found = [(tool(caches=True), runs, taken), (tool("torch"), runs, peer)]
    first, second = training_memory.records("train-elm", found)
    assert (first["ratio"], second["ratio"]) == (1.0, pytest.approx(3.0))
    assert first["growth"] == pytest.approx(0.5, abs=0.01) and second["sequence_mib"] == peer[0]
