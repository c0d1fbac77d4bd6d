"""Training rows in neurosim: whole networks as one scan, through the torch bridge."""

import torch
from training_rows import BETA, THRESHOLD, elm, layers, run

import neurosim
from neurosim.bridges.torch.running import ScanFunction
from neurosim.gradients import Scan, Unrolling

MODES = {"events": {"events": "auto"}, "dense": {"events": False},
         "recompute": {"events": "auto", "memory": "recompute"}}  # fmt: skip


def make(row, mode):
    """Parameters and the function of a batch."""
    made = elm_cell(row) if row.kind == "elm" else spiking(row)
    scan, parameters = made
    run_scan = ScanFunction(scan, threads=torch.get_num_threads(), **MODES[mode])
    readout = elm(row) if row.kind == "elm" else None

    def scores(x):
        outputs, _ = run_scan({"x": x}, parameters, {})
        found = outputs[scan.outputs[0]]
        if readout is None:
            return found.sum(0)
        return torch.nn.functional.linear(found, readout["wo"], readout["bo"]).mean(0)

    wanted = list(parameters.values())
    return (wanted + [readout[n] for n in ("wo", "bo")] if readout else wanted), scores


def spiking(row) -> tuple[Scan, dict[str, torch.Tensor]]:
    """Layers of leaky neurons with a reset that waits for the next step, as in snnTorch."""
    forward, back = layers(row)
    names = [f"layer{k}" for k in range(len(row.sizes))]
    net = Unrolling(dict(zip(names, row.sizes, strict=True)))
    net.input("x", names[0], binary=True)
    parameters: dict[str, torch.Tensor] = {}
    source = "x"
    for k, linear in enumerate(forward):
        space, arriving = names[k + 1], f"current{k} + bias{k}"
        net.parameter(f"weight{k}", names[k], rows=space)
        net.parameter(f"bias{k}", space)
        net.state(f"u{k}", space)
        parameters |= {f"weight{k}": linear.weight, f"bias{k}": linear.bias}
        net.product(source, f"weight{k}", f"current{k}", transpose=True)
        if k in back:
            net.parameter(f"back{k}", space, rows=space)
            net.parameter(f"back_bias{k}", space)
            net.state(f"spike{k}", space, binary=True)
            net.product(f"spike{k}", f"back{k}", f"more{k}", transpose=True)
            parameters |= {f"back{k}": back[k].weight, f"back_bias{k}": back[k].bias}
            arriving += f" + (more{k} + back_bias{k})"
        for name, value in ((f"beta{k}", BETA), (f"theta{k}", THRESHOLD)):
            net.parameter(name)
            parameters[name] = torch.tensor(value, requires_grad=True)
        net.step(space, f"_r = stop(H(u{k} - theta{k})); u{k} = beta{k}*u{k} + ({arriving}) - _r*theta{k}; "
                        f"spike{k} = H(u{k} - theta{k})", surrogate="fast_sigmoid(slope=25)")  # fmt: skip
        source = f"spike{k}"
    return net.finish([source]), parameters


def elm_cell(row) -> tuple[Scan, dict[str, torch.Tensor]]:
    """The first layer is split: its product with the traces needs no loop, that with the memory does."""
    traces, hidden, memory, _ = row.sizes
    values = elm(row)
    net = Unrolling({"traces": traces, "hidden": hidden, "memory": memory})
    net.input("x", "traces")
    for name, space, rows in (("kb", "traces", None), ("w", "traces", None), ("km", "memory", None),
                              ("b1", "hidden", None), ("b2", "memory", None), ("w1s", "traces", "hidden"),
                              ("w1m", "memory", "hidden"), ("w2", "hidden", "memory")):  # fmt: skip
        net.parameter(name, space, rows=rows)
    net.state("s", "traces")
    net.state("m", "memory")
    net.step("traces", "s = kb*s + w*x")
    net.step("memory", "kept = km*m")
    net.product("s", "w1s", "a", transpose=True)
    net.product("kept", "w1m", "b", transpose=True)
    net.step("hidden", "h = max(a + b + b1, 0)")
    net.product("h", "w2", "c", transpose=True)
    net.step("memory", "m = km*m + (1 - km)*tanh(c + b2)")
    weights = {"w1s": values["w1"][:, :traces].detach().clone().requires_grad_(),
               "w1m": values["w1"][:, traces:].detach().clone().requires_grad_()}  # fmt: skip
    return net.finish(["m"]), {n: weights.get(n, values.get(n)) for n in ("kb", "w", "km", "b1", "b2", *weights, "w2")}


if __name__ == "__main__":
    run("neurosim", neurosim.__version__, make, tuple(MODES))
