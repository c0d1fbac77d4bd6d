"""The benchmarks of growth and of rates beside NEST: their arithmetic, their pages, and tiny runs."""

import json
from pathlib import Path

import pytest
from benchmark_scripts import FOLDER, load

growth = load("growth")
growth_points = load("growth_points")
measure = load("measure")
pages = load("pages")
rates = load("rates_beside_nest")

ROOT = FOLDER.parent
NEST = ROOT / ".peers" / "nest" / "bin" / "python"


# --- pages -------------------------------------------------------------------------------------


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- growth -->\nold\n<!-- /growth -->\nafter\n")
    assert pages.has_place(page, "growth") and not pages.has_place(page, "other")
    pages.put(page, "growth", "new\n")
    pages.put(page, "growth", "newer\n")
    assert page.read_text() == "before\n<!-- growth -->\nnewer\n<!-- /growth -->\nafter\n"


def test_a_page_without_the_marks_is_refused(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    for script in (growth, rates):
        with pytest.raises(SystemExit) as caught:
            script.parse(["--page", str(page)])
        assert caught.value.code == 2 and "no place for" in capsys.readouterr().err


@pytest.mark.parametrize(("script", "page"), [(growth, "speed.md"), (rates, "coming_from.md")])
def test_the_pages_of_the_documentation_have_the_marks(script, page):
    assert pages.has_place(ROOT / "docs" / page, script.MARK)


# --- growth ------------------------------------------------------------------------------------


def test_each_axis_changes_one_thing_only():
    points = growth_points.axes(1.0, 2)
    fields = {"neurons": "neurons", "synapses": "indegree", "rate": "ratio", "threads": "threads"}
    for axis, own in points.items():
        changed = {name for name in fields.values() if len({getattr(point, name) for point in own}) > 1}
        assert changed == {fields[axis]}
    assert growth_points.BASE in points["neurons"] and growth_points.BASE in points["synapses"]
    assert [point.threads for point in growth_points.axes(1.0, 6)["threads"]] == [1, 2, 4]


def test_the_exponent_of_a_power_law_is_found():
    x = [1.0, 2.0, 4.0, 8.0]
    assert growth.exponent(x, [3.0 * value**1.5 for value in x]) == pytest.approx(1.5)
    assert growth.exponent(x, [0.0, 0.0, 0.0, 1.0]) is None
    assert growth.exponent([2.0, 2.0], [1.0, 3.0]) is None


def test_an_overhead_that_stays_shows_between_the_largest_points():
    # 1 + x: less than in proportion over all, nearly in proportion at the end
    records = [
        {"axis": "neurons", "neurons": x, **dict.fromkeys(growth.GROWING, 1.0 + x)} for x in (1.0, 10.0, 100.0, 1000.0)
    ]
    found = {one["of"]: one for one in growth.fits(records) if one["axis"] == "neurons"}["simulate_s"]
    assert found["exponent"] < 0.95 < found["last"] < 1.0


def test_a_record_holds_medians_and_what_the_network_itself_takes():
    point = growth_points.Point(neurons=100, indegree=10)
    answers = [{"build_s": 1.0, "simulate_s": s, "rate_hz": 50.0, "before_mib": 90.0, "peak_mib": 100.0 + s}
               for s in (1.0, 2.0, 9.0)]  # fmt: skip
    runs = [measure.Measured(tool=growth.tool(point), round=k, answer=answer, wall_s=1.0, other_load=0.0)
            for k, answer in enumerate(answers)]  # fmt: skip
    made = growth.record("neurons", point, runs)
    assert (made["simulate_s"], made["network_mib"], made["disturbed"]) == (2.0, 12.0, 0)
    assert made["ns_per_event"] == pytest.approx(2.0e9 / (100 * 10 * 50.0))


def test_tiny_networks_are_measured_drawn_and_written_down(tmp_path, monkeypatch):
    two = growth_points.axes(0.02, 1)["neurons"][:2]
    points = dict.fromkeys(growth.OF_AXIS, two[:1]) | {"neurons": two}
    monkeypatch.setattr(growth, "axes", lambda scale, processors: points)
    out, drawn, page = tmp_path / "out.json", tmp_path / "out.png", tmp_path / "page.md"
    page.write_text("<!-- growth -->\n<!-- /growth -->\n")
    assert growth.main(["--repeat", "1", "--seconds", "0.05", "--json", str(out)]) == 0
    content = json.loads(out.read_text())
    assert [record["axis"] for record in content["records"]] == [axis for axis, own in points.items() for _ in own]
    assert all(record["simulate_s"] > 0 and record["rate_hz"] > 0 for record in content["records"])
    # the second command makes the page from the file, without measuring
    monkeypatch.setattr(growth, "measured", lambda asked: pytest.fail("it measured"))
    assert growth.main(["--of", str(out), "--figure", str(drawn), "--page", str(page)]) == 0
    assert drawn.read_bytes().startswith(b"\x89PNG")
    assert page.read_text().count("\n| neurons |") == 3 and content["machine"] in page.read_text()
    assert "](out.png)" in page.read_text()


# --- rates beside NEST -------------------------------------------------------------------------


def comparison(ours, theirs):
    return rates.Comparison(row="brunel-ai", scale=0.2, quantity="exc, Hz", ours=ours, theirs=theirs)


def test_means_within_twice_the_spread_of_seeds_agree():
    # both have a standard deviation of 1
    assert comparison((9.0, 10.0, 11.0), (10.9, 11.9, 12.9)).agrees
    apart = comparison((9.0, 10.0, 11.0), (11.1, 12.1, 13.1))
    assert not apart.agrees
    assert rates.cells(apart)[2:] == ["0.2", "3", "10.0 ± 1.0", "12.1 ± 1.0", "-17.4%", "-2.1", "no"]


def test_seeds_that_only_one_tool_has_run_are_left_out():
    def ran(name, turn, rate):
        one = measure.Tool(name=name, python=Path("p"), script=Path("s"), threads=1, dtype="float64")
        answer = {"rates": {"exc": rate}, "cv": 1.0}
        return measure.Measured(tool=one, round=turn, answer=answer, wall_s=1.0, other_load=0.0)

    ours = [ran("neurosim", turn, 10.0 + turn) for turn in range(4)]
    theirs = [ran("nest", turn, 20.0 + turn) for turn in range(3)]
    found = rates.compare("brunel-ai", 0.2, ours + theirs)
    assert [one.quantity for one in found] == ["exc, Hz", "CV"]
    assert (found[0].ours, found[0].theirs) == ((10.0, 11.0, 12.0), (20.0, 21.0, 22.0))
    assert rates.compare("brunel-ai", 0.2, ours + theirs[:2]) == []


def test_what_was_compared_is_shown_again_and_written_into_a_page(tmp_path):
    file, page = tmp_path / "rates.json", tmp_path / "page.md"
    page.write_text("<!-- rates beside NEST -->\n<!-- /rates beside NEST -->\n")
    one = {"row": "brunel-ai", "scale": 0.2, "quantity": "exc, Hz", "ours": [9.0, 10.0, 11.0]}
    file.write_text(json.dumps([one | {"theirs": [10.0, 11.0, 12.0]}, one | {"theirs": [20.0, 21.0, 22.0]}]))
    assert rates.main(["--of", str(file), "--page", str(page)]) == 1
    assert "1 of 2 agree." in page.read_text() and page.read_text().count("| brunel-ai |") == 2


@pytest.mark.parametrize("arguments", [["brunel"], ["--seeds", "2"], ["--scale", "2"], ["--json", "/no/such/x.json"]])
def test_an_unusable_command_line_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        rates.parse(arguments)
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err


def test_without_nest_nothing_is_compared(tmp_path, capsys):
    assert rates.main(["--environments", str(tmp_path)]) == 1
    assert "make_peers.py" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not NEST.exists(), reason=f"{NEST} is not there; run benchmarks/make_peers.py nest")
def test_rates_are_those_of_nest_within_the_spread_of_seeds():
    assert rates.main(["--seeds", "5", "--scale", "0.2"]) == 0
