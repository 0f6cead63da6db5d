"""PyTorch reference for the forward passes of BiGAN's convolutional networks in training mode.

Writes packages/models/src/networks/bigan-conv/bigan-conv.reference.json, which the test reads. Run with PyTorch and numpy installed:
python bench/oracles/bigan_conv_reference.py  (then prettier --write it). Arrays as in nin_reference.py; weights are
named and laid out as ours.
"""
import json
from pathlib import Path

import torch
import torch.nn.functional as F

from nin_reference import array

ROOT = Path(__file__).resolve().parents[2]
SIDE, WIDTH, LATENT, BATCH = 32, 2, 3, 4
generator = torch.Generator().manual_seed(5)


def random(*shape):
    return torch.rand(shape, generator=generator) - 0.5


def stack_weights(conditioned):
    weights = {'conv1_convolution/bias': random(WIDTH)}
    channels = 3
    for level, filters in enumerate((WIDTH, 2 * WIDTH, 4 * WIDTH), 1):
        weights[f'conv{level}_convolution/kernel'] = random(5, 5, channels, filters)
        if level > 1:
            weights |= norm_weights(f'conv{level}', filters)
            if conditioned:
                weights[f'conv{level}_code/kernel'] = random(LATENT, filters)
        channels = filters
    return weights


def norm_weights(name, units):
    return {f'{name}_bn/gamma': 1 + random(units), f'{name}_bn/beta': random(units)}


def norm(x, w, name):
    axes = (0, 2, 3) if x.ndim == 4 else (0,)
    wide = lambda v: v.view(1, -1, *[1] * (x.ndim - 2))
    mean, variance = x.mean(axes), x.var(axes, unbiased=False)
    scaled = (x - wide(mean)) / wide((variance + 1e-8).sqrt())
    return scaled * wide(w[f'{name}_bn/gamma']) + wide(w[f'{name}_bn/beta'])


def stack(x, w, z=None):
    for level in (1, 2, 3):
        x = F.conv2d(x, w[f'conv{level}_convolution/kernel'].permute(3, 2, 0, 1), stride=2, padding=2)
        if level == 1:
            x = x + w['conv1_convolution/bias'].view(1, -1, 1, 1)
        else:
            if z is not None:
                x = x + (z @ w[f'conv{level}_code/kernel'])[:, :, None, None]
            x = norm(x, w, f'conv{level}')
        x = F.leaky_relu(x, 0.2)
    return x


def upward(x, kernel):
    side = 2 * x.shape[2]
    return F.conv_transpose2d(x, kernel.permute(3, 2, 0, 1), stride=2, padding=1)[:, :, :side, :side]


def generate(z, w):
    x = F.relu(norm(z @ w['maps_linear/kernel'], w, 'maps'))
    x = x.view(BATCH, 4, 4, 4 * WIDTH).permute(0, 3, 1, 2)
    for name in ('up1', 'up2'):
        x = upward(x, w[f'{name}_deconvolution/kernel']) + (z @ w[f'{name}_code/kernel'])[:, :, None, None]
        x = F.relu(norm(x, w, name))
    return upward(x, w['pixels_deconvolution/kernel']).sigmoid()


encoder, discriminator = stack_weights(False), stack_weights(True)
discriminator |= {'real_linear/kernel': random(16 * 4 * WIDTH, 1), 'real_linear/bias': random(1)}
making = {
    'maps_linear/kernel': random(LATENT, 16 * 4 * WIDTH), **norm_weights('maps', 16 * 4 * WIDTH),
    'up1_deconvolution/kernel': random(5, 5, 2 * WIDTH, 4 * WIDTH), 'up1_code/kernel': random(LATENT, 2 * WIDTH),
    **norm_weights('up1', 2 * WIDTH),
    'up2_deconvolution/kernel': random(5, 5, WIDTH, 2 * WIDTH), 'up2_code/kernel': random(LATENT, WIDTH),
    **norm_weights('up2', WIDTH),
    'pixels_deconvolution/kernel': random(5, 5, 3, WIDTH),
}  # fmt: skip
images, codes = random(BATCH, SIDE, SIDE, 3) * 2, random(BATCH, LATENT) * 2
x = images.permute(0, 3, 1, 2)
last = lambda maps: maps.permute(0, 2, 3, 1).contiguous()
judged = last(stack(x, discriminator, codes)).flatten(1) @ discriminator['real_linear/kernel'] + discriminator['real_linear/bias']
arrays = lambda weights: {name: array(value) for name, value in weights.items()}
fixture = {
    'images': array(images), 'codes': array(codes),
    'encoder': arrays(encoder), 'discriminator': arrays(discriminator), 'generator': arrays(making),
    'features': array(last(stack(x, encoder))), 'logits': array(judged), 'made': array(last(generate(codes, making))),
}  # fmt: skip
path = ROOT / 'packages/models/src/networks/bigan-conv/bigan-conv.reference.json'
path.write_text(json.dumps(fixture) + '\n')
print(path, path.stat().st_size, 'bytes')
