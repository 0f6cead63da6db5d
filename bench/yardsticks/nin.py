"""The NIN trunk of the small experiments: blocks of three convolution units (Gidaris et al. 2018; Lin et al. 2013)."""

import math

from torch import nn


def unit(inputs, outputs, size):
    convolution = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def he_fan_out(module):
    """Convolutions N(0, √(2 / (k² · out))); batch norm stays 1 and 0."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.normal_(part.weight, 0, math.sqrt(2 / (part.kernel_size[0] ** 2 * part.out_channels)))


class Nin(nn.Module):
    """Three blocks; `conv2` gives the probed map [batch, width, 8, 8], calling it the last one, of the same shape."""

    def __init__(self, width):
        super().__init__()
        middle, narrow = width * 160 // 192, width // 2
        self.block1 = nn.Sequential(unit(3, width, 5), unit(width, middle, 1), unit(middle, narrow, 1), nn.MaxPool2d(3, 2, 1))
        self.block2 = nn.Sequential(unit(narrow, width, 5), unit(width, width, 1), unit(width, width, 1), nn.AvgPool2d(3, 2, 1))
        self.block3 = nn.Sequential(unit(width, width, 3), unit(width, width, 1), unit(width, width, 1))
        he_fan_out(self)

    def conv2(self, x):
        return self.block2(self.block1(x))

    def forward(self, x):
        return self.block3(self.conv2(x))
