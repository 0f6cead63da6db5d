"""References for Jigsaw: permutation sets by the greedy rules in plain NumPy, and two training steps in PyTorch.

Writes packages/tasks/src/pretext/jigsaw/permutations.reference.json and jigsaw.reference.json beside it, which the tests read.
Run with PyTorch and NumPy installed:  python bench/oracles/jigsaw_reference.py  (then prettier --write both).
"""

import itertools
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from nin_reference import Nin, array, randomise, weights

FOLDER = Path(__file__).resolve().parents[2] / 'packages/tasks/src/pretext/jigsaw'
FIRST = 305711
# The orders of the training step, and which of them our key draws for each image in each of its two steps.
ORDERS = [[0, 1, 2, 3, 4, 5, 6, 7, 8], [8, 3, 5, 7, 2, 1, 4, 0, 6], [1, 2, 0, 4, 5, 3, 7, 8, 6]]
DRAWN = [[2, 1, 2, 0, 1], [0, 2, 1, 2, 2]]


def greedy(count, rule):
    candidates = np.array(list(itertools.permutations(range(9))), np.int8)
    chosen, distances = [FIRST], []
    while len(chosen) < count:
        distances.append((candidates != candidates[chosen[-1]]).sum(1))
        left = np.setdiff1d(np.arange(len(candidates)), chosen)
        if rule == 'max-min':
            figure = np.min(distances, 0)[left]
            chosen.append(int(left[figure.argmax()]))
            continue
        figure = np.sum(distances, 0)[left]
        if rule == 'max-average':
            chosen.append(int(left[figure.argmax()]))
        else:
            chosen.append(int(left[np.argsort(figure, kind='stable')[(len(left) - 1) // 2]]))
    return candidates[chosen].tolist()


def step_fixture():
    """Two steps of SGD 0.1, Nesterov 0.9, decay 5e-4. Cells and tiles of 8 pixels in images of 24: nothing is drawn but
    the orders."""
    generator = torch.Generator().manual_seed(5)
    net, fc6, fc7, fc8 = Nin(8, 1), nn.Linear(4, 6), nn.Linear(54, 10), nn.Linear(10, 3)
    randomise(net, generator)
    with torch.no_grad():
        for layer in (fc6, fc7, fc8):
            bound = layer.in_features ** -0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
    images = np.random.RandomState(6).randint(0, 256, (5, 24, 24, 3)).astype(np.uint8)
    images[1, 8:16, 16:24, 1] = 77  # a channel of a tile without variation
    kernels = lambda name, layer: {f'{name}/kernel': array(layer.weight.T), f'{name}/bias': array(layer.bias)}
    before = {'encoder': weights(net), 'tile': kernels('fc6', fc6), 'head': {**kernels('fc7', fc7), **kernels('fc8', fc8)}}
    layers = (net, fc6, fc7, fc8)
    optimiser = torch.optim.SGD([p for layer in layers for p in layer.parameters()], 0.1, 0.9, nesterov=True, weight_decay=5e-4)
    raw = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    cells = torch.stack([raw[:, :, 8 * (k // 3):][:, :, :8, 8 * (k % 3):][:, :, :, :8] for k in range(9)], 1)
    deviation = cells.std((3, 4), keepdim=True, unbiased=False)
    cells = (cells - cells.mean((3, 4), keepdim=True)) / torch.where(deviation > 0, deviation, torch.ones_like(deviation))
    losses = []
    for drawn in DRAWN:
        tiles = torch.stack([cells[i, ORDERS[label]] for i, label in enumerate(drawn)])
        optimiser.zero_grad()
        vectors = F.relu(fc6(net.features(tiles.reshape(-1, 3, 8, 8))[-1].mean((2, 3)))).view(len(images), -1)
        loss = F.cross_entropy(fc8(F.relu(fc7(vectors))), torch.tensor(drawn))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return {
        'images': array(images),
        'orders': ORDERS,
        'drawn': DRAWN,
        'before': before,
        'losses': losses,
        'after': {
            'encoder/block1_conv1/kernel': array(net.blocks[0][0].conv.weight.permute(2, 3, 1, 0)),
            'encoder/block1_bn3/gamma': array(net.blocks[0][2].bn.weight),
            'encoder/block1_bn1/moving_mean': array(net.blocks[0][0].bn.running_mean),
            'encoder/block1_bn1/moving_variance': array(net.blocks[0][0].bn.running_var),
            'tile/fc6/kernel': array(fc6.weight.T),
            'head/fc7/kernel': array(fc7.weight.T),
            'head/fc8/bias': array(fc8.bias),
        },
    }


if __name__ == '__main__':
    torch.set_num_threads(2)
    sets = {rule: greedy(40, rule) for rule in ('max-average', 'mean', 'max-min')}
    for name, fixture in (('permutations', {'first': FIRST, 'sets': sets}), ('jigsaw', step_fixture())):
        path = FOLDER / f'{name}.reference.json'
        path.write_text(json.dumps(fixture) + '\n')
        print(path.name, path.stat().st_size, 'bytes')
