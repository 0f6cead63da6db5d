"""PyTorch reference for the NIN forward pass and for RotNet's training step.

Writes packages/models/src/networks/nin/nin.reference.json and packages/tasks/src/pretext/rotnet/rotnet.reference.json, which the
tests read. Run with PyTorch and numpy installed:  python bench/oracles/nin_reference.py  (then prettier --write both).
Arrays are base64 of little-endian float32 (uint8 for images); kernels are height, width, in, out and feature maps
batch, height, width, channels, as TensorFlow has them.
"""
import base64
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parents[2]
MEAN, STD = [125.3, 123.0, 113.9], [63.0, 62.1, 66.7]


class Unit(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, size, padding=size // 2, bias=False)
        self.bn = nn.BatchNorm2d(filters)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Nin(nn.Module):
    def __init__(self, width, blocks, pool_after_block3=False):
        super().__init__()
        self.blocks = nn.ModuleList()
        self.pools = []
        channels = 3
        for block in range(1, blocks + 1):
            filters = [width, width * 160 // 192, width // 2] if block == 1 else [width] * 3
            units = []
            for unit, count in enumerate(filters):
                units.append(Unit(channels, count, 1 if unit else 5 if block <= 2 else 3))
                channels = count
            self.blocks.append(nn.Sequential(*units))
            average = block == 2 or (block == 3 and pool_after_block3)
            self.pools.append(nn.MaxPool2d(3, 2, 1) if block == 1 else nn.AvgPool2d(3, 2, 1) if average else nn.Identity())

    def features(self, x):
        maps = []
        for units, pool in zip(self.blocks, self.pools):
            x = pool(units(x))
            maps.append(x)
        return maps


def array(values):
    data = values.detach().numpy() if isinstance(values, torch.Tensor) else values
    kind = '<u1' if data.dtype == np.uint8 else '<f4'
    return {'shape': list(data.shape), 'base64': base64.b64encode(np.ascontiguousarray(data.astype(kind)).tobytes()).decode()}


def weights(net):
    named = {}
    for b, block in enumerate(net.blocks, 1):
        for u, unit in enumerate(block, 1):
            named[f'block{b}_conv{u}/kernel'] = array(unit.conv.weight.permute(2, 3, 1, 0))
            for ours, theirs in (('gamma', 'weight'), ('beta', 'bias'), ('moving_mean', 'running_mean'), ('moving_variance', 'running_var')):
                named[f'block{b}_bn{u}/{ours}'] = array(getattr(unit.bn, theirs))
    return named


def randomise(net, generator):
    """Weights and statistics that leave no part of the forward pass unused."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, (2 / (module.kernel_size[0] ** 2 * module.out_channels)) ** 0.5, generator=generator)
            if isinstance(module, nn.BatchNorm2d):
                for values, low, high in ((module.weight, 0.5, 1.5), (module.bias, -0.3, 0.3), (module.running_mean, -0.3, 0.3), (module.running_var, 0.5, 1.5)):
                    values.uniform_(low, high, generator=generator)


def normalised(images):
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return (x - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


def forward_fixture():
    generator = torch.Generator().manual_seed(1)
    net = Nin(8, 4, pool_after_block3=True)
    randomise(net, generator)
    net.eval()
    images = np.random.RandomState(2).randint(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    with torch.no_grad():
        maps = net.features(normalised(images))
    return {
        'config': {'blocks': 4, 'width': 8, 'poolAfterBlock3': True},
        'images': array(images),
        'weights': weights(net),
        'features': {f'conv{i}': array(x.permute(0, 2, 3, 1)) for i, x in enumerate(maps, 1)},
    }


def step_fixture():
    """Two steps of SGD 0.1, Nesterov 0.9, decay 5e-4 on the four rotations of the same four images. (By the third, a
    ReLU whose input is within rounding of 0 has opened in one framework and not in the other.)"""
    generator = torch.Generator().manual_seed(3)
    net, linear = Nin(8, 3), nn.Linear(8, 4)
    randomise(net, generator)
    with torch.no_grad():
        linear.weight.uniform_(-0.35, 0.35, generator=generator)
        linear.bias.uniform_(-0.35, 0.35, generator=generator)
    images = np.random.RandomState(4).randint(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    before = weights(net)
    head = {'linear/kernel': array(linear.weight.T), 'linear/bias': array(linear.bias)}
    parameters = [*net.parameters(), *linear.parameters()]
    optimiser = torch.optim.SGD(parameters, 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    x = torch.cat([torch.rot90(normalised(images), turns, (2, 3)) for turns in range(4)])
    y = torch.arange(4).repeat_interleave(4)
    losses = []
    for _ in range(2):
        optimiser.zero_grad()
        loss = F.cross_entropy(linear(net.features(x)[-1].mean((2, 3))), y)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return {
        'normalisation': {'mean': MEAN, 'std': STD},
        'images': array(images),
        'encoder': before,
        'head': head,
        'losses': losses,
        'after': {
            'block1_conv1/kernel': array(net.blocks[0][0].conv.weight.permute(2, 3, 1, 0)),
            'block3_bn3/gamma': array(net.blocks[2][2].bn.weight),
            'block2_bn1/moving_mean': array(net.blocks[1][0].bn.running_mean),
            'block2_bn1/moving_variance': array(net.blocks[1][0].bn.running_var),
            'linear/kernel': array(linear.weight.T),
        },
    }


if __name__ == '__main__':
    torch.set_num_threads(2)
    for path, fixture in (
        ('packages/models/src/networks/nin/nin.reference.json', forward_fixture()),
        ('packages/tasks/src/pretext/rotnet/rotnet.reference.json', step_fixture()),
    ):
        (ROOT / path).write_text(json.dumps(fixture) + '\n')
        print(path, (ROOT / path).stat().st_size, 'bytes')
