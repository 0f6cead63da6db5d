"""What the steps of the transfers to VOC share in PyTorch: AlexNet without batch norm, SGD with fast biases, raw images."""

import torch
from torch import nn

from alexnet_networks import SHAPES, scaled
from labelled_images import MEAN, STD


def folded_alexnet(width):
    """conv1 to conv5, with the pools after conv1 and conv2: stride 16. And the channels of conv5."""
    channels = scaled([64, 192, 384, 256, 256], width)
    layers, inputs = [], 3
    for index, (filters, (size, stride, padding)) in enumerate(zip(channels, SHAPES)):
        layers += [nn.Conv2d(inputs, filters, size, stride, padding), nn.ReLU(inplace=True)]
        if index in (0, 1):
            layers.append(nn.MaxPool2d(3, 2))
        inputs = filters
    return nn.Sequential(*layers), channels[-1]


def sgd(modules, is_fast, decay, fast_decay):
    """Momentum, with twice the rate for the biases of which `is_fast(name)` holds."""
    named = [(name, value) for module in modules for name, value in module.named_parameters() if value.requires_grad]
    fast = [value for name, value in named if is_fast(name)]
    others = [value for name, value in named if not is_fast(name)]
    groups = [{"params": others, "weight_decay": decay}, {"params": fast, "lr": 2e-4, "weight_decay": fast_decay}]
    return torch.optim.SGD(groups, 1e-4, momentum=0.9, fused=True)


class Pixels:
    """Raw images of noise; calling it normalises them, as each step does."""

    def __init__(self, run, height, width):
        self.run = run
        self.raw = torch.randint(0, 256, (run.batch, 3, height, width), dtype=torch.uint8).to(memory_format=run.memory_format())
        self.mean, self.std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))

    def __call__(self, chosen=slice(None)):
        return ((self.raw[chosen].float() - self.mean) / self.std).contiguous(memory_format=self.run.memory_format())
