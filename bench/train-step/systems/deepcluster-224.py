"""The step of deepcluster-224.ts in PyTorch, from raw images on; arguments as timing.Settings."""

import torch
from torch import nn

from alexnet_networks import batch_norm_trunk, scaled
from labelled_images import labelled_step
from timing import measure, settings

CLUSTERS = 10_000


class Sobel(nn.Module):
    """Grey, then its gradients along x and y."""

    def __init__(self):
        super().__init__()
        grey = torch.full((1, 3, 1, 1), 1 / 3)
        across = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
        self.register_buffer("kernel", torch.stack([across, across.T])[:, None] * grey)

    def forward(self, images):
        return nn.functional.conv2d(images, self.kernel, padding=1)


def fully_connected(inputs, units):
    return [nn.Dropout(0.5), nn.Linear(inputs, units), nn.ReLU(inplace=True)]


def sgd(model):
    body = [parameter for layer in model[:-1] for parameter in layer.parameters()]
    groups = [{"params": body, "momentum": 0.9}, {"params": model[-1].parameters()}]
    return torch.optim.SGD(groups, 1e-3, weight_decay=1e-5, fused=True)


run = settings()
channels = scaled([96, 256, 384, 384, 256], run.width)
layers = [Sobel(), batch_norm_trunk(2, channels), nn.Flatten(), *fully_connected(36 * channels[-1], 4096), *fully_connected(4096, 4096)]
model = nn.Sequential(*layers, nn.Linear(4096, CLUSTERS))
measure(labelled_step(run, model, 224, sgd, CLUSTERS), run)
