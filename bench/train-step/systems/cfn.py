"""The step of cfn.ts in PyTorch, from crops on; arguments as timing.Settings."""

import itertools

import torch
from torch import nn

from alexnet_networks import caffe_trunk, scaled
from labelled_images import caffe_sgd
from timing import measure, settings

SIDE, CELL, TILE, SHIFT, ORDERS = 227, 75, 64, 2, 1000
run = settings()
batch = run.batch


class Solver(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.trunk = nn.Sequential(caffe_trunk(channels, 2), nn.Flatten())
        self.fc6 = nn.Sequential(nn.Linear(9 * channels[-1], 1024), nn.ReLU(inplace=True), nn.Dropout(0.5))
        fc7 = nn.Sequential(nn.Linear(9 * 1024, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5))
        self.head = nn.Sequential(fc7, nn.Linear(4096, ORDERS))

    def forward(self, tiles):
        return self.head(self.fc6(self.trunk(tiles)).view(-1, 9 * 1024))


model = Solver(scaled([96, 256, 384, 384, 256], run.width))
optimizer = caffe_sgd(model)
model = run.ready(model)

# Which orders they are does not matter to the clock.
every = 362880 // ORDERS
permutations = torch.tensor(list(itertools.islice(itertools.permutations(range(9)), 0, every * ORDERS, every)))
images = torch.randint(0, 256, (batch, SIDE, SIDE, 3), dtype=torch.uint8)
cells = torch.tensor([(CELL * (k // 3), CELL * (k % 3)) for k in range(9)])
across, each = torch.arange(TILE), torch.arange(batch)


def puzzles():
    """Tiles [9 · batch, 3, 64, 64], each channel shifted, normalised and shuffled, and the classes of the orders."""
    corners = torch.randint(0, SIDE - 3 * CELL + 1, (batch, 1, 2)) + torch.randint(0, CELL - TILE + 1, (batch, 9, 2)) + cells
    corners = (corners[:, :, None] + torch.randint(0, SHIFT + 1, (batch, 9, 3, 2))).clamp(max=SIDE - TILE)
    rows = (corners[..., 0, None] + across)[..., :, None]
    columns = (corners[..., 1, None] + across)[..., None, :]
    channels = torch.arange(3)[None, None, :, None, None]
    tiles = images[each[:, None, None, None, None], rows, columns, channels].float()
    deviation = tiles.std((3, 4), keepdim=True, unbiased=False)
    tiles = (tiles - tiles.mean((3, 4), keepdim=True)) / torch.where(deviation > 0, deviation, torch.ones_like(deviation))
    labels = torch.randint(0, ORDERS, (batch,))
    shuffled = tiles[each[:, None], permutations[labels]].reshape(-1, 3, TILE, TILE)
    return shuffled.contiguous(memory_format=run.memory_format()), labels


def step():
    tiles, labels = puzzles()
    optimizer.zero_grad()
    with run.autocast():
        loss = nn.functional.cross_entropy(model(tiles), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


measure(step, run)
