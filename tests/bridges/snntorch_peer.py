"""snnTorch's own loops, in whatever precision: what fused neurons are compared with."""

import snntorch
import torch


class _Kept(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, own):
        ctx.save_for_backward(z)
        ctx.own = own
        return (z > 0).to(z.dtype)

    @staticmethod
    def backward(ctx, g):
        z = ctx.saved_tensors[0].detach().clone().requires_grad_()
        with torch.enable_grad():
            spikes = ctx.own(z)
        (slope,) = torch.autograd.grad(spikes, z, torch.ones_like(spikes))
        return g * slope, None


def kept(own):
    """A surrogate of snnTorch that keeps double precision; its own gives float32 spikes for float64 membranes."""
    return lambda z: _Kept.apply(z, own)


def uncompiled(neuron):
    """The same neuron on the reference backend, which computes in double precision and compiles nothing."""
    neuron._run_options["backend"] = "reference"
    return neuron


def loop(neuron, x, state=()):
    """snnTorch's loop over steps: spikes, (T, B, N), and all states, (T, B, N) each, the last the membrane."""
    found = []
    for now in x:
        if isinstance(neuron, snntorch.DeltaLeaky):
            spikes, pair = neuron(now, tuple(state) or (None, None))
            made = (spikes, *pair)
            state = pair
        else:
            made = neuron(now, *state)
            state = made if isinstance(neuron, snntorch.RLeaky | snntorch.RSynaptic) else made[1:]
        found.append(made)
    return [torch.stack(part) for part in zip(*found, strict=True)]


def gradients(outputs, tensors, seed=0):
    """Gradients of a random weighting of all outputs by the tensors, None where there is none."""
    generator = torch.Generator().manual_seed(seed)
    loss = sum((o * torch.randn(o.shape, generator=generator, dtype=torch.float64).to(o.dtype)).sum() for o in outputs)
    return torch.autograd.grad(loss, [t for t in tensors if t.requires_grad], allow_unused=True)


def assert_same_gradients(ours, theirs, tolerance):
    """Equal where theirs is not 0 everywhere; None counts as 0."""
    assert any(two is not None and bool(two.any()) for two in theirs)
    for one, two in zip(ours, theirs, strict=True):
        if two is None or not bool(two.any()):
            assert one is None or not bool(one.any())
        else:
            torch.testing.assert_close(one, two, rtol=tolerance, atol=tolerance * float(two.abs().max()))
