"""The step of bigan.ts in PyTorch (two backward passes, fused Adam, as the yardstick); arguments as timing.Settings."""

import torch
import torch._functorch.config
from torch import nn
from torch.nn import functional as F

from timing import measure, settings

run = settings()
# The discriminator is differentiated twice.
torch._functorch.config.donated_buffer = False
width, batch, latent, pixels = run.width, run.batch, 50, 784


def linear(inputs, outputs, bias=False):
    layer = nn.Linear(inputs, outputs, bias)
    nn.init.normal_(layer.weight, 0, 0.02)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


def norm(x):
    return (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-8).sqrt()


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.code = linear(latent, width), linear(width, width), linear(latent, width)
        self.pixels = linear(width, pixels, True)

    def forward(self, z):
        return self.pixels(F.relu(norm(self.fc2(F.relu(norm(self.fc1(z)))) + self.code(z)))).sigmoid()


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.code = linear(pixels, width, True), linear(width, width), linear(width, latent)

    def forward(self, x):
        return 2 * self.code(F.leaky_relu(norm(self.fc2(F.leaky_relu(self.fc1(x), 0.2))), 0.2)).sigmoid() - 1


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.code = linear(pixels, width, True), linear(width, width), linear(latent, width)
        self.real = linear(width, 1, True)

    def forward(self, x, z):
        return self.real(F.leaky_relu(norm(self.fc2(F.leaky_relu(self.fc1(x), 0.2)) + self.code(z)), 0.2))


generator, encoder, discriminator = map(run.ready, (Generator(), Encoder(), Discriminator()))
ours = [*generator.parameters(), *encoder.parameters()]
theirs = list(discriminator.parameters())


def adam(parameters):
    return torch.optim.Adam(parameters, 2e-4, betas=(0.5, 0.999), eps=1e-8, weight_decay=2.5e-5, fused=True)


optimizers = adam(ours), adam(theirs)
raw = torch.randint(0, 256, (batch, pixels), dtype=torch.uint8)
ones, zeros = torch.ones(batch, 1), torch.zeros(batch, 1)
bce = F.binary_cross_entropy_with_logits


def step():
    with run.autocast():
        x, z = raw.float() / 255, torch.rand(batch, latent) * 2 - 1
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


measure(step, run)
