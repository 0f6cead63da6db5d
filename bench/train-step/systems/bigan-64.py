"""The step of bigan-64.ts in PyTorch (two backward passes, fused Adam), from raw images on; arguments as timing.Settings."""

import torch
from torch import nn
from torch.nn import functional as F

from adversarial import adversarial_step
from timing import measure, settings

run = settings()
width, batch, latent, side = run.width, run.batch, 200, 64
SIZES = [width, 2 * width, 4 * width, 8 * width]


class Encoder(nn.Module):
    """AlexNet with groups, without biases; batch norm from conv2 on, and no pooling after conv5."""

    def __init__(self):
        super().__init__()
        table = ((96, 11, 4, 5, 1), (256, 5, 1, 2, 2), (384, 3, 1, 1, 1), (384, 3, 1, 1, 2), (256, 3, 1, 1, 2))
        layers, inputs = [], 3
        for index, (filters, size, stride, padding, groups) in enumerate(table):
            layers.append(nn.Conv2d(inputs, filters, size, stride, padding, groups=groups, bias=False))
            layers += [nn.BatchNorm2d(filters, 1e-8)] if index > 0 else []
            layers.append(nn.LeakyReLU(0.2))
            layers += [nn.MaxPool2d(3, 2, 1)] if index < 2 else []
            inputs = filters
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.code = nn.Linear(256 * 16, latent, bias=False)

    def forward(self, x):
        return 2 * self.code(self.features(x)).sigmoid() - 1


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(latent, 16 * SIZES[-1], bias=False), nn.BatchNorm1d(16 * SIZES[-1], 1e-8), nn.ReLU())
        pairs = list(zip(SIZES[:0:-1], SIZES[-2::-1]))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 5, 2, 2, 1, bias=False) for a, b in pairs)
        self.codes = nn.ModuleList(nn.Linear(latent, b, bias=False) for _, b in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(b, 1e-8) for _, b in pairs)
        self.pixels = nn.ConvTranspose2d(width, 3, 5, 2, 2, 1, bias=False)

    def forward(self, z):
        x = self.first(z).view(-1, SIZES[-1], 4, 4)
        for up, code, norm in zip(self.up, self.codes, self.norms):
            x = F.relu(norm(up(x) + code(z)[:, :, None, None]))
        return 2 * self.pixels(x).sigmoid() - 1


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        pairs = list(zip([3, *SIZES], SIZES))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 5, 2, 2, bias=index == 0) for index, (a, b) in enumerate(pairs))
        self.codes = nn.ModuleList(nn.Linear(latent, b, bias=False) for _, b in pairs[1:])
        self.norms = nn.ModuleList(nn.BatchNorm2d(b, 1e-8) for _, b in pairs[1:])
        self.real = nn.Linear(16 * SIZES[-1], 1)

    def forward(self, x, z):
        x = F.leaky_relu(self.down[0](x), 0.2)
        for down, code, norm in zip(self.down[1:], self.codes, self.norms):
            x = F.leaky_relu(norm(down(x) + code(z)[:, :, None, None]), 0.2)
        return self.real(x.flatten(1))


generator, encoder, discriminator = map(run.ready, (Generator(), Encoder(), Discriminator()))
raw = torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8)


def draw():
    x = (raw.float() / 127.5 - 1).contiguous(memory_format=run.memory_format())
    return x, torch.rand(batch, latent) * 2 - 1


measure(adversarial_step(run, generator, encoder, discriminator, draw), run)
