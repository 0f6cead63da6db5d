"""The step of voc-detection.ts in PyTorch, with torchvision's RoI pooling, from raw images on; arguments as timing.Settings."""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.ops import roi_pool

from timing import measure, settings
from transfer import Pixels, folded_alexnet, sgd

HEIGHT, WIDTH, REGIONS, CLASSES = 640, 832, 64, 21
run = settings()
trunk, channels = folded_alexnet(run.width)
trunk[0].requires_grad_(False)
hidden = nn.Sequential(
    nn.Flatten(), nn.Linear(36 * channels, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
)  # fmt: skip
scores, offsets = nn.Linear(4096, CLASSES), nn.Linear(4096, 4 * CLASSES)
optimizer = sgd([trunk, hidden, scores, offsets], lambda name: name.endswith("bias"), 5e-4, 0)
trunk, hidden, pixels = run.ready(trunk), run.ready(hidden), Pixels(run, HEIGHT, WIDTH)
count = run.batch * REGIONS
corner = torch.rand(count, 2) * torch.tensor([WIDTH - 240, HEIGHT - 240])
places = torch.arange(count) // REGIONS
boxes = torch.cat([places[:, None].float(), corner, corner + 60 + torch.rand(count, 2) * torch.tensor([180, 140])], 1)
labels = torch.where(torch.arange(count) % REGIONS < REGIONS // 4, 1 + torch.arange(count) % (CLASSES - 1), 0)
objects = torch.where(labels > 0)[0]
targets = torch.randn(len(objects), 4)


def step():
    optimizer.zero_grad()
    with run.autocast():
        vectors = hidden(roi_pool(trunk(pixels()), boxes, 6, 1 / 16))
        moves = offsets(vectors).view(count, CLASSES, 4)[objects, labels[objects]]
        loss = F.cross_entropy(scores(vectors), labels) + F.smooth_l1_loss(moves, targets, reduction="sum") / count
    loss.backward()
    optimizer.step()
    return loss.item()


measure(step, run)
