"""References for AED and for AET's transform generator: two training steps of each in PyTorch.

Writes packages/tasks/src/pretext/aed/aed.reference.json and
packages/tasks/src/pretext/transform-generator/transform-generator.reference.json, which the tests read. Run from the root of the
workspace, after bench/setup-oracles:  python bench/oracles/aed_reference.py  (then prettier --write both). Arrays as in
nin_reference.py.
"""
import json
import subprocess

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from nin_reference import MEAN, ROOT, STD, Nin, array, normalised, randomise, weights

SIDE, CODE, CELLS, SHIFT, COLOUR, WIDTH, LEAST = 16, 2, 2, 0.45, 0.25, 2, 60
TERMS = {'adversarial': 0.7, 'code': 2.0, 'change': 3.0}


def kernel(conv):
    return array(conv.weight.permute(2, 3, 1, 0))


def images_of(seed):
    return np.random.RandomState(seed).randint(0, 256, (4, SIDE, SIDE, 3)).astype(np.uint8)


def aed_fixture():
    """Two steps of SGD 0.1, Nesterov 0.9, decay 5e-4."""
    generator = torch.Generator().manual_seed(5)
    net = Nin(8, 3)
    decoder = nn.ModuleList([nn.Conv2d(8, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.Conv2d(6, 3, 3, padding=1)])
    randomise(net, generator)
    randomise(decoder, generator)
    with torch.no_grad():
        decoder[4].bias.uniform_(-0.1, 0.1, generator=generator)
    images = images_of(6)
    before = {
        'encoder': weights(net),
        'decoder': {
            **{f'unit{i + 1}_convolution/kernel': kernel(decoder[2 * i]) for i in (0, 1)},
            **{f'unit{i + 1}_bn/{ours}': array(getattr(decoder[2 * i + 1], theirs)) for i in (0, 1) for ours, theirs in
               (('gamma', 'weight'), ('beta', 'bias'), ('moving_mean', 'running_mean'), ('moving_variance', 'running_var'))},
            'colours/kernel': kernel(decoder[4]), 'colours/bias': array(decoder[4].bias),
        },
    }
    optimiser = torch.optim.SGD([*net.parameters(), *decoder.parameters()], 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    x, losses = normalised(images), []
    for _ in range(2):
        y = net.features(x)[-1]
        for conv, bn in ((decoder[0], decoder[1]), (decoder[2], decoder[3])):
            y = F.relu(bn(conv(F.interpolate(y, scale_factor=2, mode='nearest'))))
        loss = F.mse_loss(decoder[4](y), x)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    after = {
        'encoder/block1_conv1/kernel': kernel(net.blocks[0][0].conv),
        'encoder/block2_bn1/moving_mean': array(net.blocks[1][0].bn.running_mean),
        'decoder/unit1_convolution/kernel': kernel(decoder[0]),
        'decoder/colours/bias': array(decoder[4].bias),
    }
    return {'normalisation': {'mean': MEAN, 'std': STD}, 'images': array(images), **before, 'losses': losses, 'after': after}


class Trunk(nn.Module):
    """From 16×16 two convolutions of stride 2 lead to 4×4; features in the order rows, columns, channels."""

    def __init__(self, units, generator):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, WIDTH, 4, 2, 1), nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1)
        self.last = nn.Linear(32 * WIDTH, units)
        with torch.no_grad():
            for parameter in self.parameters():
                fan_in = parameter[0].numel() if parameter.dim() > 1 else 50
                parameter.normal_(0, fan_in ** -0.5, generator=generator)

    def forward(self, x):
        for conv in (self.one, self.two):
            x = F.leaky_relu(conv(x), 0.2)
        return self.last(x.permute(0, 2, 3, 1).flatten(1))

    def named(self, last):
        named = {}
        for name, conv in (('conv1', self.one), ('conv2', self.two)):
            named[f'{name}_convolution/kernel'], named[f'{name}_convolution/bias'] = kernel(conv), array(conv.bias)
        return {**named, f'{last}/kernel': array(self.last.weight.T), f'{last}/bias': array(self.last.bias)}


def spline(pixels):
    """Cox–de Boor recursion on uniform knots: degree 3, at pixel centres, in units of cells."""
    places = (np.arange(pixels) + 0.5) / pixels * CELLS
    knots = np.arange(-3, CELLS + 4)
    basis = [((places >= knots[i]) & (places < knots[i + 1])).astype(float) for i in range(len(knots) - 1)]
    for degree in (1, 2, 3):
        basis = [(places - knots[i]) / degree * basis[i] + (knots[i + degree + 1] - places) / degree * basis[i + 1]
                 for i in range(len(basis) - 1)]
    return torch.tensor(np.stack(basis, 1), dtype=torch.float32)


def generate(rates, images, codes):
    """images: raw [batch, 3, side, side]"""
    batch, points = len(images), CELLS + 3
    maps = (rates(scaled(images)).view(batch, points, points, 8, CODE) * codes.view(batch, 1, 1, 1, CODE)).sum(-1).tanh()
    weights_ = spline(SIDE)
    fields = torch.einsum('yi,xj,bijm->byxm', weights_, weights_, maps)
    y, x = torch.meshgrid(torch.arange(SIDE).float(), torch.arange(SIDE).float(), indexing='ij')
    reach = SHIFT * SIDE / CELLS
    grid = torch.stack([x + reach * fields[..., 0], y + reach * fields[..., 1]], 3)
    bent = F.grid_sample(images, 2 * grid / (SIDE - 1) - 1, 'bilinear', 'border', align_corners=True)
    colours = fields.permute(0, 3, 1, 2)
    return (bent * (1 + COLOUR * colours[:, 2:5]) + 255 * COLOUR / 2 * colours[:, 5:8]).clamp(0, 255)


def scaled(images):
    return (images - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


def generator_fixture():
    """Two simultaneous steps of both players: Adam 2e-3 (0.5, 0.999), no decay."""
    draws = json.loads(subprocess.check_output(['node', '--import', 'tsx', 'bench/oracles/aet-draws.ts'], cwd=ROOT))
    random = torch.Generator().manual_seed(8)
    rates, critic, net, linear = Trunk(25 * 8 * CODE, random), Trunk(1, random), Nin(8, 3), nn.Linear(16, CODE)
    randomise(net, random)
    with torch.no_grad():
        linear.weight.uniform_(-0.25, 0.25, generator=random)
        linear.bias.uniform_(-0.25, 0.25, generator=random)
    images = images_of(9)
    fixture = {
        'normalisation': {'mean': MEAN, 'std': STD}, 'images': array(images),
        'config': {'codeSize': CODE, 'cells': CELLS, 'shift': SHIFT, 'colour': COLOUR, 'width': WIDTH, 'leastChange': LEAST, 'weights': TERMS},
        'encoder': weights(net), 'decoder': {'linear/kernel': array(linear.weight.T), 'linear/bias': array(linear.bias)},
        'generator': rates.named('rates'), 'discriminator': critic.named('linear'),
    }
    adam = lambda *modules: torch.optim.Adam([p for m in modules for p in m.parameters()], 2e-3, betas=(0.5, 0.999))
    makers, judge = adam(rates, net, linear), adam(critic)
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        fixture['generated'] = array(generate(rates, x, torch.tensor(draws['codes'][0])).permute(0, 2, 3, 1))
    fixture['losses'] = []
    for step in range(2):
        codes, others = torch.tensor(draws['codes'][step]), torch.tensor(draws['others'][step])
        made = generate(rates, x, codes)
        vectors = net.features(torch.cat([scaled(x), scaled(made)]))[-1].mean((2, 3))
        code = 0.5 * ((linear(torch.cat(vectors.chunk(2), 1)).tanh() - codes) ** 2).sum(1).mean()
        change = (made - generate(rates, x, others)).abs().mean()
        lack = F.relu(1 - change / LEAST)
        adversarial = F.softplus(-critic(scaled(made))).mean()
        maker_loss = TERMS['adversarial'] * adversarial + TERMS['code'] * code + TERMS['change'] * lack
        judge_loss = F.softplus(-critic(scaled(x))).mean() + F.softplus(critic(scaled(made.detach()))).mean()
        maker_gradients = torch.autograd.grad(maker_loss, [p for m in (rates, net, linear) for p in m.parameters()])
        judge_gradients = torch.autograd.grad(judge_loss, list(critic.parameters()))
        for optimiser, gradients in ((makers, maker_gradients), (judge, judge_gradients)):
            for parameter, gradient in zip(optimiser.param_groups[0]['params'], gradients):
                parameter.grad = gradient
            optimiser.step()
        fixture['losses'].append({'generator': maker_loss.item(), 'discriminator': judge_loss.item(), 'change': change.item()})
    fixture['after'] = {
        'generator/conv1_convolution/kernel': kernel(rates.one),
        'generator/conv2_convolution/bias': array(rates.two.bias),
        'discriminator/conv1_convolution/kernel': kernel(critic.one),
        'encoder/block1_conv1/kernel': kernel(net.blocks[0][0].conv),
        'decoder/linear/kernel': array(linear.weight.T),
    }
    return fixture


if __name__ == '__main__':
    torch.set_num_threads(2)
    for path, fixture in (
        ('packages/tasks/src/pretext/aed/aed.reference.json', aed_fixture()),
        ('packages/tasks/src/pretext/transform-generator/transform-generator.reference.json', generator_fixture()),
    ):
        (ROOT / path).write_text(json.dumps(fixture) + '\n')
        print(path, (ROOT / path).stat().st_size, 'bytes')
