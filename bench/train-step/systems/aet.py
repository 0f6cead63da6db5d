"""The step of aet.ts in PyTorch, from raw images on; arguments as timing.Settings."""

import torch
from torch import nn
from torch.nn import functional as F

from timing import measure, settings

run = settings()
width, batch, side = run.width, run.batch, 32


def unit(inputs, outputs, size):
    convolution = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


middle, narrow = width * 160 // 192, width // 2
encoder = run.ready(nn.Sequential(
    unit(3, width, 5), unit(width, middle, 1), unit(middle, narrow, 1), nn.MaxPool2d(3, 2, 1),
    unit(narrow, width, 5), unit(width, width, 1), unit(width, width, 1), nn.AvgPool2d(3, 2, 1),
    unit(width, width, 3), unit(width, width, 1), unit(width, width, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
))  # fmt: skip
decoder = nn.Linear(2 * width, 8)
optimizer = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)

images = torch.randint(0, 256, (batch, 3, side, side)).float()
mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ([125.3, 123.0, 113.9], [63.0, 62.1, 66.7]))
shift, scale = torch.tensor([0, 0, 16, 0, 0, 16, 0, 0.0]), torch.tensor([1, 1, 20, 1, 1, 20, 0.015, 0.015])
corners = torch.tensor([[0, 0], [side, 0], [side, side], [0, side]], dtype=torch.float64)
rows, columns = torch.meshgrid(torch.arange(side) + 0.5, torch.arange(side) + 0.5, indexing="ij")


def coefficients():
    """[batch, 8]: from pixels of the transformed image to those of the original."""
    turned = (torch.arange(4) + torch.randint(0, 4, (batch, 1))) % 4
    moved = (corners - 16.5) * (torch.rand(batch, 1, 1, dtype=torch.float64) * 0.4 + 0.8) + 16.5
    moved = moved.gather(1, turned[..., None].expand(-1, -1, 2)) + torch.randint(-4, 5, (batch, 4, 2))
    x, y = moved.unbind(2)
    u, v = corners.expand(batch, 4, 2).unbind(2)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    upper = torch.stack([x, y, one, zero, zero, zero, -x * u, -y * u], 2)
    lower = torch.stack([zero, zero, zero, x, y, one, -x * v, -y * v], 2)
    return torch.linalg.solve(torch.cat([upper, lower], 1), torch.cat([u, v], 1)).float()


def warp(maps):
    a, b, c, d, e, f, g, h = (maps[:, i, None, None] for i in range(8))
    w = g * columns + h * rows + 1
    u, v = (a * columns + b * rows + c) / w, (d * columns + e * rows + f) / w
    inside = (u >= 0) & (u < side) & (v >= 0) & (v < side)
    grid = torch.stack([u, v], 3) / (side / 2) - 1
    moved = F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return torch.where(inside[:, None], moved, torch.tensor(128.0))


def step():
    maps = coefficients()
    both = ((torch.cat([images, warp(maps)]) - mean) / std).contiguous(memory_format=run.memory_format())
    optimizer.zero_grad()
    with run.autocast():
        estimates = decoder(torch.cat(encoder(both).chunk(2), 1))
        loss = F.mse_loss(estimates, (maps - shift) / scale)
    loss.backward()
    optimizer.step()
    return loss.item()


measure(step, run)
