"""The step of alexnet.ts in PyTorch, from raw images on; arguments as timing.Settings."""

import torch
from torch import nn

from alexnet_networks import batch_norm_trunk, scaled
from labelled_images import CLASSES, labelled_step
from timing import measure, settings


def fully_connected(inputs, units):
    return [nn.Linear(inputs, units, bias=False), nn.BatchNorm1d(units), nn.ReLU(inplace=True)]


def sgd(model):
    return torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)


run = settings()
channels = scaled([64, 192, 384, 256, 256], run.width)
layers = [batch_norm_trunk(3, channels), nn.Flatten(), *fully_connected(36 * channels[-1], 4096), *fully_connected(4096, 4096)]
measure(labelled_step(run, nn.Sequential(*layers, nn.Linear(4096, CLASSES)), 224, sgd), run)
