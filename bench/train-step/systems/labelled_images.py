"""The step of labelled-images.ts in PyTorch: raw images, normalised in the step, and cross entropy of classes."""

import torch
from torch import nn

CLASSES = 1000
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


def labelled_step(run, model, side, optimizer, classes=CLASSES):
    """A training step as a function that returns the loss; `optimizer` makes one for the model."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    raw = torch.randint(0, 256, (run.batch, 3, side, side), dtype=torch.uint8).to(memory_format=run.memory_format())
    labels = torch.arange(run.batch) % classes
    updates = optimizer(model)
    model = run.ready(model)

    def step():
        updates.zero_grad()
        images = ((raw.float() - mean) / std).contiguous(memory_format=run.memory_format())
        with run.autocast():
            loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        updates.step()
        return loss.item()

    return step


def caffe_sgd(model):
    """Momentum, with twice the rate and no decay for biases."""
    named = list(model.named_parameters())
    biases = [value for name, value in named if name.endswith("bias")]
    others = [value for name, value in named if not name.endswith("bias")]
    groups = [{"params": others, "weight_decay": 5e-4}, {"params": biases, "lr": 0.02}]
    return torch.optim.SGD(groups, 0.01, momentum=0.9, fused=True)
