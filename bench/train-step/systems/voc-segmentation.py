"""The step of voc-segmentation.ts in PyTorch, images one after another, from raw images on; arguments as timing.Settings."""

import torch
from torch import nn
from torch.nn import functional as F

from timing import measure, settings
from transfer import Pixels, folded_alexnet, sgd

HEIGHT, WIDTH, PAD, CLASSES = 375, 500, 100, 21
run = settings()
trunk, channels = folded_alexnet(run.width)


class Fcn(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(trunk, nn.MaxPool2d(3, 2))
        fc6, fc7 = nn.Conv2d(channels, 4096, 6), nn.Conv2d(4096, 4096, 1)
        self.hidden = nn.Sequential(fc6, nn.ReLU(), nn.Dropout(), fc7, nn.ReLU(), nn.Dropout())
        self.score = nn.Conv2d(4096, CLASSES, 1)
        # Two products with fixed weights are faster than a transposed convolution of 63 × 63 per class.
        self.matrices = [self.tents(size) for size in (HEIGHT, WIDTH)]

    def tents(self, places):
        # fc6's units lie 32 pixels apart, the first on 15 + 2.5 · 32 of the padded image, pool5's first being centred on 31.
        units = (((places + 2 * PAD - 7) // 4 + 1 - 3) // 2 + 1 - 3) // 2 + 1
        units = (units - 3) // 2 + 1 - 5
        centres = 31 + 2.5 * 32 - PAD + 32 * torch.arange(units)
        return F.relu(1 - (torch.arange(places)[:, None] - centres).abs() / 32)

    def forward(self, x):
        scores = self.score(self.hidden(self.maps(F.pad(x, (PAD,) * 4))))
        return self.matrices[0] @ scores @ self.matrices[1].T


model = Fcn()
optimizer = sgd([model], lambda name: name == "score.bias", 5e-4, 0)
model, pixels = run.ready(model), Pixels(run, HEIGHT, WIDTH)
labels = torch.randint(0, CLASSES, (run.batch, HEIGHT, WIDTH))


def step():
    optimizer.zero_grad()
    total = 0
    for i in range(run.batch):
        with run.autocast():
            loss = F.cross_entropy(model(pixels(slice(i, i + 1))), labels[i : i + 1], ignore_index=255) / run.batch
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


measure(step, run)
