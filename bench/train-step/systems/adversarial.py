"""BiGAN's training step (two backward passes, fused Adam), whatever its networks are."""

import torch
import torch._functorch.config
from torch.nn import functional as F


def adversarial_step(run, generator, encoder, discriminator, draw):
    """A step on what `draw` gives each time, under autocast where `run` says so: images and codes. Gives the loss."""
    # The discriminator is differentiated twice.
    torch._functorch.config.donated_buffer = False
    ours = [*generator.parameters(), *encoder.parameters()]
    theirs = list(discriminator.parameters())
    optimizers = [
        torch.optim.Adam(group, 2e-4, betas=(0.5, 0.999), eps=1e-8, weight_decay=2.5e-5, fused=True)
        for group in (ours, theirs)
    ]
    ones, zeros = torch.ones(run.batch, 1), torch.zeros(run.batch, 1)
    bce = F.binary_cross_entropy_with_logits

    def step():
        with run.autocast():
            x, z = draw()
            real, made = discriminator(x, encoder(x)), discriminator(generator(z), z)
            loss = 0.5 * (bce(real, ones) + bce(made, zeros))
            other = 0.5 * (bce(real, zeros) + bce(made, ones))
        for parameter, gradient in zip(theirs, torch.autograd.grad(loss, theirs, retain_graph=True)):
            parameter.grad = gradient
        for parameter, gradient in zip(ours, torch.autograd.grad(other, ours)):
            parameter.grad = gradient
        for optimizer in optimizers:
            optimizer.step()
        return loss.item() + 0 * other.item()

    return step
