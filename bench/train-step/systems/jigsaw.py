"""The step of jigsaw.ts in PyTorch, from raw images on; arguments as timing.Settings."""

import itertools

import torch
from torch import nn

from timing import measure, settings

run = settings()
width, batch = run.width, run.batch
ORDERS, FC6, FC7 = 64, 2 * run.width, 8 * run.width


def unit(inputs, outputs, side):
    convolution = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


middle, narrow = width * 160 // 192, width // 2
trunk = run.ready(nn.Sequential(
    unit(3, width, 5), unit(width, middle, 1), unit(middle, narrow, 1), nn.MaxPool2d(3, 2, 1),
))  # fmt: skip
fc6 = nn.Sequential(nn.Linear(narrow, FC6), nn.ReLU())
head = nn.Sequential(nn.Linear(9 * FC6, FC7), nn.ReLU(), nn.Linear(FC7, ORDERS))
parameters = [p for part in (trunk, fc6, head) for p in part.parameters()]
optimizer = torch.optim.SGD(parameters, 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)

# Which orders they are does not matter to the clock.
permutations = torch.tensor(list(itertools.islice(itertools.permutations(range(9)), 0, 362880, 362880 // ORDERS))[:ORDERS])
images = torch.randint(0, 256, (batch, 32, 32, 3)).float()
cells = torch.tensor([(10 * (k // 3), 10 * (k % 3)) for k in range(9)])
across, each = torch.arange(8), torch.arange(batch)


def puzzles():
    """Tiles [9 · batch, 3, 8, 8], normalised each and shuffled, and the classes of the orders."""
    corners = torch.randint(0, 3, (batch, 1, 2)) + torch.randint(0, 3, (batch, 9, 2)) + cells
    rows = (corners[..., 0, None] + across)[:, :, :, None]
    columns = (corners[..., 1, None] + across)[:, :, None, :]
    tiles = images[each[:, None, None, None], rows, columns].permute(0, 1, 4, 2, 3)
    deviation = tiles.std((3, 4), keepdim=True, unbiased=False)
    tiles = (tiles - tiles.mean((3, 4), keepdim=True)) / torch.where(deviation > 0, deviation, torch.ones_like(deviation))
    labels = torch.randint(0, ORDERS, (batch,))
    return tiles[each[:, None], permutations[labels]].reshape(-1, 3, 8, 8).contiguous(memory_format=run.memory_format()), labels


def step():
    tiles, labels = puzzles()
    optimizer.zero_grad()
    with run.autocast():
        vectors = fc6(trunk(tiles).mean((2, 3)))
        loss = nn.functional.cross_entropy(head(vectors.view(batch, -1)), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


measure(step, run)
