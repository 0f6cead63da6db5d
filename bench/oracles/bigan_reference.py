"""PyTorch reference for two training steps of the permutation-invariant BiGAN and of the joint latent regressor.

Writes packages/tasks/src/pretext/bigan/bigan.reference.json, which the tests read. Run with PyTorch and numpy installed:
python bench/oracles/bigan_reference.py  (then prettier --write it). Arrays as in nin_reference.py.
"""
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from nin_reference import array

ROOT = Path(__file__).resolve().parents[2]
SIDE, WIDTH, LATENT, BATCH, STEPS = 4, 8, 3, 12, 2
PIXELS = SIDE * SIDE
SHAPES = {
    'encoder/fc1_linear/kernel': (PIXELS, WIDTH), 'encoder/fc1_linear/bias': (WIDTH,),
    'encoder/fc2_linear/kernel': (WIDTH, WIDTH), 'code/code/kernel': (WIDTH, LATENT),
    'generator/fc1_linear/kernel': (LATENT, WIDTH), 'generator/fc2_linear/kernel': (WIDTH, WIDTH),
    'generator/fc2_code/kernel': (LATENT, WIDTH),
    'generator/pixels/kernel': (WIDTH, PIXELS), 'generator/pixels/bias': (PIXELS,),
    'discriminator/fc1_linear/kernel': (PIXELS, WIDTH), 'discriminator/fc1_linear/bias': (WIDTH,),
    'discriminator/fc2_linear/kernel': (WIDTH, WIDTH), 'discriminator/fc2_code/kernel': (LATENT, WIDTH),
    'discriminator/real_linear/kernel': (WIDTH, 1), 'discriminator/real_linear/bias': (1,),
}  # fmt: skip


def norm(x):
    return (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-8).sqrt()


def leaky(x):
    return F.leaky_relu(x, 0.2)


class Game:
    """Weights by the names of our checkpoints, and the three ways through them."""

    def __init__(self, generator, jointly):
        self.w = {
            name: (torch.rand(shape, generator=generator) * 1.2 - 0.6).requires_grad_()
            for name, shape in SHAPES.items()
            if jointly or name != 'discriminator/fc2_code/kernel'
        }

    def encode(self, x):
        w = self.w
        h = leaky(x @ w['encoder/fc1_linear/kernel'] + w['encoder/fc1_linear/bias'])
        return 2 * (leaky(norm(h @ w['encoder/fc2_linear/kernel'])) @ w['code/code/kernel']).sigmoid() - 1

    def generate(self, z):
        w = self.w
        h = F.relu(norm(z @ w['generator/fc1_linear/kernel']))
        h = F.relu(norm(h @ w['generator/fc2_linear/kernel'] + z @ w['generator/fc2_code/kernel']))
        return (h @ w['generator/pixels/kernel'] + w['generator/pixels/bias']).sigmoid()

    def judge(self, x, z=None):
        w = self.w
        h = leaky(x @ w['discriminator/fc1_linear/kernel'] + w['discriminator/fc1_linear/bias'])
        h = h @ w['discriminator/fc2_linear/kernel']
        if z is not None:
            h = h + z @ w['discriminator/fc2_code/kernel']
        return leaky(norm(h)) @ w['discriminator/real_linear/kernel'] + w['discriminator/real_linear/bias']


def adversarial(real, made):
    ones, zeros, bce = torch.ones_like(real), torch.zeros_like(real), F.binary_cross_entropy_with_logits
    return 0.5 * (bce(real, ones) + bce(made, zeros)), 0.5 * (bce(real, zeros) + bce(made, ones))


def bigan(game, x, z):
    discriminator, other = adversarial(game.judge(x, game.encode(x)), game.judge(game.generate(z), z))
    return {'discriminator': (discriminator, ['discriminator']), 'generator-encoder': (other, ['generator', 'encoder', 'code'])}


def joint_latent_regressor(game, x, z):
    made = game.generate(z)
    discriminator, other = adversarial(game.judge(x), game.judge(made))
    error = ((game.encode(made) - z) ** 2).mean()
    return {
        'discriminator': (discriminator, ['discriminator']),
        'generator': (other + 0.25 * error, ['generator']),
        'encoder': (error, ['encoder', 'code']),
    }


def fixture(losses_of, jointly, seed):
    generator = torch.Generator().manual_seed(seed)
    game = Game(generator, jointly)
    images = torch.randint(0, 256, (BATCH, SIDE, SIDE, 1), generator=generator).to(torch.uint8)
    codes = torch.rand(STEPS, BATCH, LATENT, generator=generator) * 2 - 1
    before = {name: array(value) for name, value in game.w.items()}
    optimiser = torch.optim.Adam(game.w.values(), 2e-3, betas=(0.5, 0.999), eps=1e-8, weight_decay=2.5e-5)
    steps = []
    for z in codes:
        losses = losses_of(game, images.reshape(BATCH, PIXELS).float() / 255, z)
        for loss, players in losses.values():
            mine = {name: value for name, value in game.w.items() if name.split('/')[0] in players}
            found = torch.autograd.grad(loss, list(mine.values()), retain_graph=True)
            for value, gradient in zip(mine.values(), found):
                value.grad = gradient
        optimiser.step()
        steps.append({name: loss.item() for name, (loss, _) in losses.items()})
    return {
        'images': array(images.numpy()), 'codes': [array(z) for z in codes], 'before': before, 'losses': steps,
        'after': {name: array(value) for name, value in game.w.items()},
    }  # fmt: skip


if __name__ == '__main__':
    path = ROOT / 'packages/tasks/src/pretext/bigan/bigan.reference.json'
    both = {'bigan': fixture(bigan, True, 1), 'joint-latent-regressor': fixture(joint_latent_regressor, False, 2)}
    path.write_text(json.dumps(both) + '\n')
    print(path, path.stat().st_size, 'bytes')
