"""The step of deepcluster.ts in PyTorch; arguments as timing.Settings."""

import torch
from torch import nn

from timing import measure, settings

CLUSTERS = 100
run = settings()
width, batch = run.width, run.batch


def unit(inputs, outputs, side):
    convolution = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


middle, narrow = width * 160 // 192, width // 2
body = run.ready(nn.Sequential(
    unit(3, width, 5), unit(width, middle, 1), unit(middle, narrow, 1), nn.MaxPool2d(3, 2, 1),
    unit(narrow, width, 5), unit(width, width, 1), unit(width, width, 1), nn.AvgPool2d(3, 2, 1),
    unit(width, width, 3), unit(width, width, 1), unit(width, width, 1),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(),
))  # fmt: skip
head = nn.Linear(width, CLUSTERS)
mean = torch.tensor([125.3, 123.0, 113.9]).view(1, 3, 1, 1)
std = torch.tensor([63.0, 62.1, 66.7]).view(1, 3, 1, 1)
pixels = torch.randint(0, 256, (batch, 3, 32, 32), dtype=torch.uint8).to(memory_format=run.memory_format())
classes = torch.arange(batch) % CLUSTERS
body_optimizer = torch.optim.SGD(body.parameters(), 0.05, momentum=0.9, weight_decay=1e-5, fused=True)
head_optimizer = torch.optim.SGD(head.parameters(), 0.05, weight_decay=1e-5, fused=True)


def step():
    body_optimizer.zero_grad()
    head_optimizer.zero_grad()
    images = ((pixels.float() - mean) / std).contiguous(memory_format=run.memory_format())
    with run.autocast():
        loss = nn.functional.cross_entropy(head(body(images)), classes)
    loss.backward()
    body_optimizer.step()
    head_optimizer.step()
    return loss.item()


measure(step, run)
