"""The step of nin.ts in PyTorch; arguments as timing.Settings."""

import torch
from torch import nn

from timing import measure, settings

run = settings()
width, batch = run.width, run.batch


def unit(inputs, outputs, side):
    convolution = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


middle, narrow = width * 160 // 192, width // 2
model = run.ready(nn.Sequential(
    unit(3, width, 5), unit(width, middle, 1), unit(middle, narrow, 1), nn.MaxPool2d(3, 2, 1),
    unit(narrow, width, 5), unit(width, width, 1), unit(width, width, 1), nn.AvgPool2d(3, 2, 1),
    unit(width, width, 3), unit(width, width, 1), unit(width, width, 1),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 4),
))  # fmt: skip
images = torch.randn(batch, 3, 32, 32).to(memory_format=run.memory_format())
labels = torch.arange(batch) % 4
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)


def step():
    optimizer.zero_grad()
    with run.autocast():
        loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


measure(step, run)
