"""Training rows in PyTorch: snnTorch, SpikingJelly, Norse, and a loop of torch alone."""

import importlib.metadata
import sys

import torch
from torch import nn
from training_rows import BETA, THRESHOLD, elm, layers, run

F = nn.functional


def make(row, mode):
    """Parameters and the function of a batch."""
    if row.kind == "elm":
        return elm_loop(row)
    return {"snntorch": snntorch_steps, "snntorch-hoisted": snntorch_hoisted, "spikingjelly": spikingjelly_layers,
            "norse": norse_steps}[mode](row)  # fmt: skip


def snntorch_neurons(row):
    """Linear layers and leaky neurons with learnt decay and threshold."""
    import snntorch
    from snntorch import surrogate

    forward, back = layers(row)
    learnt = {"learn_beta": True, "learn_threshold": True, "spike_grad": surrogate.fast_sigmoid(slope=25)}
    cells = [snntorch.Leaky(beta=torch.tensor(BETA), threshold=torch.tensor(THRESHOLD), **learnt) for _ in forward]
    parameters = [p for m in (*forward, *back.values(), *cells) for p in m.parameters()]
    return forward, back, cells, parameters


def snntorch_steps(row, *, hoisted=False):
    """As snnTorch's tutorials write it: all layers of a step, step after step."""
    forward, back, cells, parameters = snntorch_neurons(row)

    def scores(x):
        membranes = [cell.init_leaky() for cell in cells]
        spikes = {k: torch.zeros(row.batch, row.sizes[k + 1]) for k in back}
        first = (forward[0](x) if hoisted else x).unbind(0)
        total = 0
        for given in first:
            now = given
            for k, cell in enumerate(cells):
                current = now if hoisted and k == 0 else forward[k](now)
                if k in back:
                    current = current + back[k](spikes[k])
                now, membranes[k] = cell(current, membranes[k])
                if k in back:
                    spikes[k] = now
            total = total + now
        return total

    return parameters, scores


def snntorch_hoisted(row):
    """The product with the input outside the loop."""
    return snntorch_steps(row, hoisted=True)


def spikingjelly_layers(row):
    """Multi-step layers; a recurrent layer goes step by step."""
    from spikingjelly.activation_based import functional, neuron, surrogate

    def cell(mode):
        return neuron.LIFNode(tau=1.0 / (1.0 - BETA), decay_input=False, v_threshold=THRESHOLD, v_reset=None,
                              surrogate_function=surrogate.ATan(), detach_reset=True, step_mode=mode)  # fmt: skip

    forward, back = layers(row)
    cells = [cell("s" if k in back else "m") for k in range(len(forward))]
    parameters = [p for m in (*forward, *back.values()) for p in m.parameters()]

    def scores(x):
        for one in cells:
            functional.reset_net(one)
        for k, (linear, one) in enumerate(zip(forward, cells, strict=True)):
            x = linear(x)
            if k not in back:
                x = one(x)
                continue
            spikes, found = torch.zeros(row.batch, row.sizes[k + 1]), []
            for current in x.unbind(0):
                spikes = one(current + back[k](spikes))
                found.append(spikes)
            x = torch.stack(found)
        return x.sum(0)

    return parameters, scores


def norse_steps(row):
    """Norse's leaky cells with immediate reset, layer by layer."""
    from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters, lif_box_feed_forward_step

    forward, back = layers(row)
    given = LIFBoxParameters(tau_mem_inv=torch.tensor(1000.0 * (1.0 - BETA)), v_th=torch.tensor(THRESHOLD), alpha=25.0)
    parameters = [p for m in (*forward, *back.values()) for p in m.parameters()]

    def scores(x):
        for k, linear in enumerate(forward):
            x = linear(x)
            state, spikes, found = LIFBoxFeedForwardState(v=torch.zeros_like(x[0])), torch.zeros_like(x[0]), []
            for current in x.unbind(0):
                arriving = current + back[k](spikes) if k in back else current
                spikes, state = lif_box_feed_forward_step(arriving, state, given)
                found.append(spikes)
            x = torch.stack(found)
        return x.sum(0)

    return parameters, scores


def elm_loop(row):
    """The ELM-like cell in a loop of torch."""
    p = elm(row)

    def scores(x):
        s, m, found = torch.zeros(row.batch, row.sizes[0]), torch.zeros(row.batch, row.sizes[2]), []
        for now in x.unbind(0):
            s = p["kb"] * s + p["w"] * now
            hidden = torch.relu(F.linear(torch.cat([s, p["km"] * m], 1), p["w1"], p["b1"]))
            m = p["km"] * m + (1 - p["km"]) * torch.tanh(F.linear(hidden, p["w2"], p["b2"]))
            found.append(m)
        return F.linear(torch.stack(found), p["wo"], p["bo"]).mean(0)

    return list(p.values()), scores


if __name__ == "__main__":
    modes = ("snntorch", "snntorch-hoisted", "spikingjelly", "norse", "torch")
    mode = sys.argv[sys.argv.index("--mode") + 1] if "--mode" in sys.argv else modes[0]
    run(mode, importlib.metadata.version(mode.partition("-")[0]), make, modes)
