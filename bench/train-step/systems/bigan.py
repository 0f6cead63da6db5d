"""The step of bigan.ts in PyTorch (two backward passes, fused Adam, as the yardstick); arguments as timing.Settings."""

import torch
from torch import nn
from torch.nn import functional as F

from adversarial import adversarial_step
from timing import measure, settings

run = settings()
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
raw = torch.randint(0, 256, (batch, pixels), dtype=torch.uint8)


def draw():
    return raw.float() / 255, torch.rand(batch, latent) * 2 - 1


measure(adversarial_step(run, generator, encoder, discriminator, draw), run)
