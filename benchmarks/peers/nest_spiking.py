"""The spiking rows in NEST.

Integer time stamps: a spike of NEST takes effect at the end of a step, so the smallest delay, one step, is
used where the paper has none. A refractory time lasts one step longer in NEST than in the other tools, so that what
it is given is a step less, but for the microcircuit, which was published as a program for NEST.
"""

import time
from typing import Any, TypeAlias

import nest
import numpy as np
from outcome import parse, peak_memory, rate_and_cv, say, spread
from workloads import (
    CELL,
    COBA,
    COBAHH,
    CUBA,
    DELAY_SD,
    DELAYS,
    DT,
    EXTERNAL_RATE,
    FIRST_V_MEAN,
    FIRST_V_SD,
    POPULATIONS,
    STDP,
    WEIGHT_SD,
    Workload,
    brunel_numbers,
    microcircuit,
    workload,
)

Population: TypeAlias = Any  # a NodeCollection; NEST makes that name when it starts


def brette(size: int, model: str, cell: dict, p: dict, weights: tuple[float, float]) -> dict[str, Population]:
    """Brette's networks: ``size`` neurons, four of five excitatory, each pair joined at random."""
    everyone = nest.Create(model, size, params=cell)
    n_exc = round(size * p["exc_share"])
    rule = {"rule": "pairwise_bernoulli", "p": p["indegree"] / size}
    for sources, weight in zip((everyone[:n_exc], everyone[n_exc:]), weights, strict=True):
        nest.Connect(sources, everyone, rule, {"weight": weight, "delay": DT})
    return {"exc": everyone[:n_exc], "inh": everyone[n_exc:]}


def cell_of(parameters: dict) -> dict:
    """The fields that both of Brette's neurons without channels share, in NEST's names."""
    return {
        "C_m": parameters["C_m"],
        "E_L": parameters["E_L"],
        "V_th": parameters["threshold"],
        "V_reset": parameters["reset"],
        "t_ref": parameters["refractory"] - DT,
        "tau_syn_ex": parameters["tau_e"],
        "tau_syn_in": parameters["tau_i"],
    }


def start_between(populations: dict[str, Population], p: dict, seed: int) -> np.random.Generator:
    """First potentials uniform between reset and threshold; the generator is returned for more."""
    random = np.random.default_rng(seed)
    for cells in populations.values():
        cells.V_m = random.uniform(p["reset"], p["threshold"], len(cells))
    return random


def coba(run: Workload, seed: int, scale: float) -> dict[str, Population]:
    p = COBA
    cell = cell_of(p) | {"g_L": p["g_L"], "E_ex": p["E_e"], "E_in": p["E_i"]}
    weights = (p["w_e"] * p["g_L"], -p["w_i"] * p["g_L"])
    populations = brette(run.size, "iaf_cond_exp", cell, p, weights)
    random = start_between(populations, p, seed)
    for cells in populations.values():
        for name, key in (("g_ex", "g_e"), ("g_in", "g_i")):
            setattr(cells, name, p["g_L"] * np.maximum(random.normal(p[key][0], p[key][1], len(cells)), 0.0))
    return populations


def cuba(run: Workload, seed: int, scale: float) -> dict[str, Population]:
    p = CUBA
    current = p["C_m"] / p["tau_m"]  # what turns a potential of the description into a current, pA/mV
    cell = cell_of(p) | {"tau_m": p["tau_m"]}
    populations = brette(run.size, "iaf_psc_exp", cell, p, (p["w_e"] * current, p["w_i"] * current))
    start_between(populations, p, seed)
    return populations


def cobahh(run: Workload, seed: int, scale: float) -> dict[str, Population]:
    """NEST integrates with steps that adapt, takes the peak of a spike for its time, and starts without conductances.

    Nothing is lost by that: the neurons fire without any input, and what comes first is discarded.
    """
    p = COBAHH
    same = ("C_m", "g_L", "g_Na", "g_K", "E_L", "E_Na", "E_K", "V_T")
    cell = {name: p[name] for name in same}
    cell |= {"E_ex": p["E_e"], "E_in": p["E_i"], "tau_syn_ex": p["tau_e"], "tau_syn_in": p["tau_i"]}
    populations = brette(run.size, "hh_cond_exp_traub", cell, p, (p["w_e"], -p["w_i"]))
    random = np.random.default_rng(seed)
    for cells in populations.values():
        cells.V_m = random.normal(*p["v"], len(cells))
    return populations


def stdp(run: Workload, seed: int, scale: float) -> dict[str, Population]:
    """NEST counts no pair without a lag, which potentiates elsewhere; so depression is less by what one step is worth.

    Its delay is one of dendrites: the target's spikes are late at the synapse, not those of the source.
    """
    p = STDP
    current = p["C_m"] / p["tau_m"]
    cell = {"C_m": p["C_m"], "tau_m": p["tau_m"], "E_L": p["E_L"], "V_th": p["threshold"], "V_reset": p["reset"],
            "t_ref": 0.0, "tau_syn_ex": p["tau_e"], "tau_minus": p["tau_minus"], "V_m": p["reset"]}  # fmt: skip
    cells = nest.Create("iaf_psc_exp", run.size, params=cell)
    trains = nest.Create("parrot_neuron", p["inputs"])
    nest.Connect(nest.Create("poisson_generator", params={"rate": p["rate"]}), trains)
    most = p["w_max"] * current
    depression = p["a_minus"] / p["a_plus"] - DT / p["tau_plus"]
    rule = {"Wmax": most, "lambda": p["a_plus"], "alpha": depression, "mu_plus": 0.0, "mu_minus": 0.0,
            "tau_plus": p["tau_plus"]}  # fmt: skip
    nest.CopyModel("stdp_synapse", "learning", rule)
    weight = nest.random.uniform(min=0.0, max=most)
    nest.Connect(trains, cells, "all_to_all", {"synapse_model": "learning", "weight": weight, "delay": p["delay"]})
    return {"cells": cells}


def brunel(run: Workload, seed: int, scale: float) -> dict[str, Population]:
    p = brunel_numbers(run.regime, scale)
    cell = {
        "C_m": 1.0,
        "tau_m": p["tau_m"],
        "E_L": 0.0,
        "V_m": 0.0,
        "V_th": p["threshold"],
        "V_reset": p["reset"],
        "t_ref": p["refractory"] - DT,
    }
    everyone = nest.Create("iaf_psc_delta", p["n_e"] + p["n_i"], params=cell)
    exc, inh = everyone[: p["n_e"]], everyone[p["n_e"] :]
    nest.CopyModel("static_synapse", "excitatory", {"weight": p["w"], "delay": p["delay"]})
    nest.CopyModel("static_synapse", "inhibitory", {"weight": -p["g"] * p["w"], "delay": p["delay"]})
    drive = nest.Create("poisson_generator", params={"rate": p["rate_ext"] * p["c_ext"]})
    nest.Connect(drive, everyone, syn_spec="excitatory")
    rule = {"rule": "fixed_indegree", "allow_multapses": False}
    nest.Connect(exc, everyone, rule | {"indegree": p["c_e"]}, "excitatory")
    nest.Connect(inh, everyone, rule | {"indegree": p["c_i"]}, "inhibitory")
    return {"exc": exc, "inh": inh}


def cortex(run: Workload, seed: int, scale: float) -> dict[str, Population]:
    """Potjans and Diesmann's network with normal weights and delays."""
    numbers = microcircuit(scale)
    cell = {
        "C_m": CELL["C_m"],
        "tau_m": CELL["tau_m"],
        "tau_syn_ex": CELL["tau_syn"],
        "tau_syn_in": CELL["tau_syn"],
        "E_L": CELL["E_L"],
        "V_th": CELL["threshold"],
        "V_reset": CELL["reset"],
        "t_ref": CELL["refractory"],
    }
    populations = {}
    for i, name in enumerate(POPULATIONS):
        cells = nest.Create("iaf_psc_exp", numbers.sizes[i], params=cell | {"I_e": numbers.current[i]})
        cells.V_m = nest.random.normal(mean=FIRST_V_MEAN[i], std=FIRST_V_SD[i])
        drive = nest.Create("poisson_generator", params={"rate": EXTERNAL_RATE * numbers.external[i]})
        nest.Connect(drive, cells, syn_spec={"weight": numbers.external_weight, "delay": DELAYS[0]})
        populations[name] = cells
    for i, target in enumerate(populations.values()):
        for j, source in enumerate(populations.values()):
            if numbers.synapses[i][j]:
                rule = {"rule": "fixed_total_number", "N": numbers.synapses[i][j]}
                nest.Connect(source, target, rule, synapse(numbers.weights[i][j], DELAYS[j % 2]))
    return populations


def synapse(weight: float, delay: float) -> dict:
    """Normal weights that keep the sign of ``weight``, pA, and normal delays of at least half a step, ms."""
    low, high = (0.0, np.inf) if weight > 0 else (-np.inf, 0.0)
    drawn = nest.random.normal(mean=weight, std=abs(weight) * WEIGHT_SD)
    late = nest.random.normal(mean=delay, std=delay * DELAY_SD)
    return {
        "synapse_model": "static_synapse",
        "weight": nest.math.redraw(drawn, min=low, max=high),
        "delay": nest.math.redraw(late, min=DT / 2, max=np.inf),
    }


MODELS = {"coba": coba, "cuba": cuba, "cobahh": cobahh, "stdp": stdp, "brunel": brunel, "microcircuit": cortex}


def recorders(populations: dict[str, Population], begin: float) -> dict[str, Population]:
    """One recorder a population, silent until the model time ``begin``, ms."""
    made = {}
    for name, cells in populations.items():
        made[name] = nest.Create("spike_recorder", params={"start": begin})
        nest.Connect(cells, made[name])
    return made


def observed(made: dict[str, Population], populations: dict[str, Population], seconds: float) -> dict:
    """Rate and CV of all neurons, and the rate of each population, Hz."""
    events = {name: recorder.events for name, recorder in made.items()}
    size = {name: len(cells) for name, cells in populations.items()}
    if not seconds:
        return {"rate_hz": None, "cv": None, "rates": {}}
    times = np.concatenate([event["times"] for event in events.values()])
    senders = np.concatenate([event["senders"] for event in events.values()])
    rate, cv = rate_and_cv(times, senders, sum(size.values()), seconds)
    rates = {name: len(event["times"]) / size[name] / seconds for name, event in events.items()}
    return {"rate_hz": rate, "cv": cv, "rates": rates}


def advance(seconds: float) -> None:
    """Run on by so much model time, s; by nothing at all without calling NEST."""
    if seconds:
        nest.Run(1000.0 * seconds)


def measure(run: Workload, threads: int, seed: int, scale: float) -> dict:
    """Build the network, run its three phases, and say how long each took."""
    nest.ResetKernel()
    nest.set(resolution=DT, local_num_threads=threads, rng_seed=seed, print_time=False, overwrite_files=True)
    begin = time.perf_counter()
    populations = MODELS[run.model](run, seed, scale)
    made = recorders(populations, DT + 1000.0 * (run.settle + run.seconds))
    nest.Prepare()
    advance(DT / 1000.0)
    built = time.perf_counter() - begin
    advance(run.settle)
    begin = time.perf_counter()
    advance(run.seconds)
    simulated = time.perf_counter() - begin
    memory = peak_memory()
    advance(run.observe)
    seen = observed(made, populations, run.observe)
    if run.model == "stdp":
        learnt = nest.GetConnections(synapse_model="learning").get("weight")
        seen |= spread(learnt, STDP["w_max"] * STDP["C_m"] / STDP["tau_m"])
    nest.Cleanup()
    per_second = simulated / run.seconds if run.seconds else None
    return {"build_s": built, "simulate_s": per_second, "rss_mib": memory} | seen


def main() -> None:
    asked = parse("NEST")
    nest.verbosity = nest.VerbosityLevel.ERROR
    run = workload(asked.row, seconds=asked.seconds)
    found = measure(run, asked.threads, asked.seed, asked.scale)
    say(
        row=asked.row,
        tool="nest",
        version=nest.__version__,
        threads=asked.threads,
        dtype="float64",
        compile_s=0.0,
        model_seconds=run.seconds,
        **found,
    )


if __name__ == "__main__":
    main()
