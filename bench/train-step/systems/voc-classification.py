"""The step of voc-classification.ts in PyTorch, from raw images on; arguments as timing.Settings."""

import torch
from torch import nn
from torch.nn import functional as F

from timing import measure, settings
from transfer import Pixels, folded_alexnet, sgd

run = settings()
trunk, channels = folded_alexnet(run.width)
hidden = [nn.Linear(36 * channels, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()]
model = nn.Sequential(trunk, nn.MaxPool2d(3, 2), nn.Flatten(), *hidden, nn.Linear(4096, 20))
optimizer = sgd([model], lambda name: name.endswith("bias"), 1e-6, 1e-6)
parameters = list(model.parameters())
model, pixels = run.ready(model), Pixels(run, 224, 224)
shown = (torch.rand(run.batch, 20) < 0.1).float()


def step():
    optimizer.zero_grad()
    with run.autocast():
        loss = F.binary_cross_entropy_with_logits(model(pixels()), shown, reduction="sum") / run.batch
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 10)
    optimizer.step()
    return loss.item()


measure(step, run)
