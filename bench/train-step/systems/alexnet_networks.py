"""The networks of alexnet.ts, alexnet-caffe.ts, cfn.ts and deepcluster-224.ts in PyTorch; initial weights do not matter to the clock."""

from torch import nn

# Kernel, stride and padding of each convolution.
SHAPES = [(11, 4, 2), (5, 1, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1)]


def batch_norm_trunk(inputs, channels):
    """conv1 to pool5, with batch norm: [batch, 256, 6, 6] of 224 pixels."""
    layers = []
    for index, filters in enumerate(channels):
        size, stride, padding = SHAPES[index]
        layers += [nn.Conv2d(inputs, filters, size, stride, padding), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
        if index in (0, 1, 4):
            layers.append(nn.MaxPool2d(3, 2))
        inputs = filters
    return nn.Sequential(*layers)


def caffe_trunk(channels, stride):
    """conv1 to pool5 with groups and local response normalisation."""
    layers, inputs = [], 3
    for index, filters in enumerate(channels):
        size, _, padding = SHAPES[index]
        groups = 2 if index in (1, 3, 4) else 1
        first = index == 0
        layers.append(nn.Conv2d(inputs, filters, size, stride if first else 1, 0 if first else padding, groups=groups))
        layers.append(nn.ReLU(inplace=True))
        if index in (0, 1, 4):
            layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
        if index in (0, 1):
            layers.append(nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0))
        inputs = filters
    return nn.Sequential(*layers)


def scaled(channels, width):
    """Channels multiplied by width / channels[0], to even numbers."""
    return [max(2, 2 * round(count * width / channels[0] / 2)) for count in channels]
