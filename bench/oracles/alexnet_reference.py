"""PyTorch reference for the forward passes of alexnet (each variant), alexnet-small and cfn, at their published widths.

Writes packages/models/src/<network>/<network>.reference.json, which the tests read. Run with PyTorch and numpy:
python bench/oracles/alexnet_reference.py  (then prettier --write the files).

Weights and images are not stored: both sides compute them by `formula`, a hash of the tensor's name and the element's
index, scaled to the range that the fixture states. Of each feature map the fixture holds the shape and every k-th value.
Kernels are height, width, in, out and maps batch, height, width, channels, as TensorFlow has them.
"""
import base64
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = 400


def formula(name, shape, low, high):
    with np.errstate(over='ignore'):
        seed = np.uint32(2166136261)
        for byte in name.encode():
            seed = (seed ^ np.uint32(byte)) * np.uint32(16777619)
        x = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(2654435761) + seed
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
    return (low + (high - low) * (x / 2**32)).astype(np.float32).reshape(shape)


class Weights:
    """Hands out tensors by their names in our checkpoints and remembers the ranges they were drawn from."""

    def __init__(self):
        self.ranges = {}

    def __call__(self, name, shape, low, high):
        self.ranges[name] = [low, high]
        return torch.from_numpy(formula(name, shape, low, high))

    def kernel(self, layer, shape, gain=1.0):
        fan_in = int(np.prod(shape[:-1]))
        bound = round(gain * (6 / fan_in) ** 0.5, 6)
        return self(f'{layer}/kernel', shape, -bound, bound)

    def norm(self, layer, channels):
        gamma = self(f'{layer}/gamma', (channels,), 0.5, 1.5)
        beta = self(f'{layer}/beta', (channels,), -0.3, 0.3)
        mean = self(f'{layer}/moving_mean', (channels,), -0.3, 0.3)
        return gamma, beta, mean, self(f'{layer}/moving_variance', (channels,), 0.5, 1.5)


def images(size, amplitude, count=2):
    return torch.from_numpy(formula('image', (count, size, size, 3), -amplitude, amplitude)).permute(0, 3, 1, 2)


def convolve(w, name, x, filters, size, stride=1, padding=0, groups=1, bias=True, gain=1.0):
    kernel = w.kernel(f'{name}_convolution', (size, size, x.shape[1] // groups, filters), gain)
    offsets = w(f'{name}_convolution/bias', (filters,), -0.3, 0.3) if bias else None
    return F.conv2d(x, kernel.permute(3, 2, 0, 1), offsets, stride, padding, 1, groups)


def batch_norm(w, name, x, epsilon=1e-5):
    gamma, beta, mean, variance = w.norm(f'{name}_bn', x.shape[1])
    return F.batch_norm(x, mean, variance, gamma, beta, False, 0, epsilon)


def linear(w, name, x, units, bias):
    matrix = w.kernel(f'{name}_linear', (x.shape[1], units))
    return F.linear(x, matrix.T, w(f'{name}_linear/bias', (units,), -0.3, 0.3) if bias else None)


def flatten(x):
    return x.permute(0, 2, 3, 1).flatten(1)


def sobel(x):
    grey = F.conv2d(x, torch.full((1, 3, 1, 1), 1 / 3))
    across = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    return F.conv2d(grey, torch.stack([across, torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]])])[:, None], padding=1)


def batch_norm_alexnet(w, x, channels):
    maps = {}
    for i, filters in enumerate(channels, 1):
        size, stride, padding = ((11, 4, 2), (5, 1, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1))[i - 1]
        x = F.relu(batch_norm(w, f'conv{i}', convolve(w, f'conv{i}', x, filters, size, stride, padding)))
        maps[f'conv{i}'] = x
        if i in (1, 2, 5):
            x = F.max_pool2d(x, 3, 2)
    return {**maps, 'pool5': x}


def rotnet(w):
    maps = batch_norm_alexnet(w, images(224, 1), (64, 192, 384, 256, 256))
    x = flatten(maps['pool5'])
    for name in ('fc6', 'fc7'):
        x = F.relu(batch_norm(w, name, linear(w, name, x, 64, bias=False)))
        maps[name] = x
    return maps


def deepcluster(w):
    maps = batch_norm_alexnet(w, sobel(images(224, 0.5)), (96, 256, 384, 384, 256))
    x = flatten(maps['pool5'])
    for name in ('fc6', 'fc7'):
        maps[f'{name}_linear'] = linear(w, name, x, 64, bias=True)
        x = maps[name] = F.relu(maps[f'{name}_linear'])
    return maps


def caffe_trunk(w, x, stride):
    """Images are large, so that the normalisation changes features by a few tenths of a percent, which 1e-4 tells."""
    maps = {}
    for i, (filters, size, padding, groups, gain) in enumerate(
        ((96, 11, 0, 1, 1), (256, 5, 2, 2, 1 / 4), (384, 3, 1, 1, 1), (384, 3, 1, 2, 1), (256, 3, 1, 2, 1)), 1
    ):
        x = F.relu(convolve(w, f'conv{i}', x, filters, size, stride if i == 1 else 1, padding, groups, gain=gain))
        maps[f'conv{i}'] = x
        if i in (1, 2, 5):
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        if i in (1, 2):
            x = maps[f'norm{i}'] = F.local_response_norm(x, 5, 1e-4, 0.75, 1.0)
    return {**maps, 'pool5': x}


def caffe(w, size=227):
    maps = caffe_trunk(w, images(size, 6), 4)
    x = flatten(maps['pool5'])
    for name in ('fc6', 'fc7'):
        x = maps[name] = F.relu(linear(w, name, x, 64, bias=True))
    return maps


def bigan(w):
    maps, x = {}, images(64, 1)
    table = ((96, 11, 4, 5, 1), (256, 5, 1, 2, 2), (384, 3, 1, 1, 1), (384, 3, 1, 1, 2), (256, 3, 1, 1, 2))
    for i, (filters, size, stride, padding, groups) in enumerate(table, 1):
        x = convolve(w, f'conv{i}', x, filters, size, stride, padding, groups, bias=False)
        x = F.leaky_relu(batch_norm(w, f'conv{i}', x, 1e-8) if i > 1 else x, 0.2)
        maps[f'conv{i}'] = x
        if i <= 2:
            x = F.max_pool2d(x, 3, 2, 1)
    return maps


def alexnet_small(w):
    maps, x = {}, images(32, 1)
    for i, (filters, size) in enumerate(((64, 5), (192, 5), (384, 3), (256, 3), (256, 3)), 1):
        x = F.relu(batch_norm(w, f'conv{i}', convolve(w, f'conv{i}', x, filters, size, 1, size // 2, bias=False)))
        maps[f'conv{i}'] = x
        if i in (1, 2, 5):
            x = F.max_pool2d(x, 3, 2, 1)
    return {**maps, 'pool5': x}


def cfn(w, size, count):
    maps = caffe_trunk(w, images(size, 6, count), 2)
    if size == 64:
        maps['fc6'] = F.relu(linear(w, 'fc6', flatten(maps['pool5']), 64, bias=True))
    return maps


def cfn_batch(w):
    maps, x = {}, images(64, 1)
    for i, (filters, size, stride, padding, groups) in enumerate(
        ((96, 11, 2, 0, 1), (256, 5, 1, 2, 2), (384, 3, 1, 1, 1), (384, 3, 1, 1, 2), (256, 3, 1, 1, 2)), 1
    ):
        x = convolve(w, f'conv{i}', x, filters, size, stride, padding, groups, bias=False)
        x = maps[f'conv{i}'] = F.relu(batch_norm(w, f'conv{i}', x))
        if i in (1, 2, 5):
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
    return {**maps, 'pool5': x}


def sampled(x):
    x = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
    flat = x.flatten()
    step = max(1, flat.numel() // SAMPLES) | 1
    values = np.ascontiguousarray(flat[::step].numpy().astype('<f4'))
    return {'shape': list(x.shape), 'step': step, 'base64': base64.b64encode(values.tobytes()).decode()}


def case(config, size, amplitude, forward, count=2):
    w = Weights()
    with torch.no_grad():
        maps = forward(w)
    for name, x in maps.items():
        print(f'  {name} {tuple(x.shape)} mean {x.mean():.3f} std {x.std():.3f} max {x.abs().max():.2f}')
    return {
        'config': config,
        'images': {'shape': [count, size, size, 3], 'range': [-amplitude, amplitude]},
        'weights': w.ranges,
        'maps': {name: sampled(x) for name, x in maps.items()},
    }


if __name__ == '__main__':
    torch.set_num_threads(2)
    for network, cases in {
        'alexnet': [
            case({'fullyConnected': 64}, 224, 1, rotnet),
            case({'variant': 'deepcluster', 'sobel': True, 'fullyConnected': 64}, 224, 0.5, deepcluster),
            case({'variant': 'caffe', 'fullyConnected': 64}, 227, 6, caffe),
            case({'variant': 'caffe', 'fullyConnected': 64}, 224, 6, lambda w: caffe(w, 224)),
            case({'variant': 'bigan'}, 64, 1, bigan),
        ],
        'alexnet-small': [case({}, 32, 1, alexnet_small)],
        'cfn': [
            case({'fullyConnected': 64}, 64, 6, lambda w: cfn(w, 64, 2)),
            case({'fullyConnected': 64}, 225, 6, lambda w: cfn(w, 225, 1), 1),
            case({'normalisation': 'batch'}, 64, 1, cfn_batch),
        ],
    }.items():
        path = ROOT / f'packages/models/src/{network}/{network}.reference.json'
        path.write_text(json.dumps(cases) + '\n')
        print(path.name, path.stat().st_size, 'bytes')
