"""The step of aed.ts in PyTorch, from raw images on; arguments as timing.Settings."""

import torch
from torch import nn
from torch.nn import functional as F

from timing import measure, settings

run = settings()
width, batch, side = run.width, run.batch, 32


def unit(inputs, outputs, size):
    convolution = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


middle, narrow, filters = width * 160 // 192, width // 2, width // 2
network = run.ready(nn.Sequential(
    unit(3, width, 5), unit(width, middle, 1), unit(middle, narrow, 1), nn.MaxPool2d(3, 2, 1),
    unit(narrow, width, 5), unit(width, width, 1), unit(width, width, 1), nn.AvgPool2d(3, 2, 1),
    unit(width, width, 3), unit(width, width, 1), unit(width, width, 1),
    nn.Upsample(scale_factor=2), unit(width, filters, 3), nn.Upsample(scale_factor=2), unit(filters, filters, 3),
    nn.Conv2d(filters, 3, 3, padding=1),
))  # fmt: skip
optimizer = torch.optim.Adam(network.parameters(), 0.001, fused=True)

images = torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8)
mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ([125.3, 123.0, 113.9], [63.0, 62.1, 66.7]))


def step():
    normalised = ((images.float() - mean) / std).contiguous(memory_format=run.memory_format())
    optimizer.zero_grad()
    with run.autocast():
        loss = F.mse_loss(network(normalised).float(), normalised)
    loss.backward()
    optimizer.step()
    return loss.item()


measure(step, run)
