"""
The recipe of the experiment aet-gan-small in PyTorch: a generator of transformations trained against a discriminator, then
AET on its codes. Run with the oracles' Python:  aet_gan.py FOLDER [--seed 1] [--generator FILE]
--generator takes our generator (a checkpoint of tasks/transform-generator with the settings of that experiment) in place of
one trained here: AET's two implementations then see the same transformations.
"""

import copy
import json
import math

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from data import augmented, load, normalised
from nin import Nin
from probes import probe
from training import arguments, cosine, train, update

CODE, CELLS, SHIFT, COLOUR, WIDTH, LEAST = 4, 2, 0.45, 0.25, 32, 12
POINTS, MAPS, SIDE = CELLS + 3, 8, 32
ADVERSARIAL, OF_CODE, OF_CHANGE = 1, 3, 1


class Trunk(nn.Sequential):
    """Three convolutions of 4×4, stride 2, Leaky ReLU, N(0, √(2 / fan-in)), bias 0; then a linear layer in PyTorch's start."""

    def __init__(self, units):
        super().__init__()
        for inputs, outputs in ((3, WIDTH), (WIDTH, 2 * WIDTH), (2 * WIDTH, 2 * WIDTH)):
            convolution = nn.Conv2d(inputs, outputs, 4, 2, 1)
            nn.init.normal_(convolution.weight, 0, math.sqrt(2 / (16 * inputs)))
            nn.init.zeros_(convolution.bias)
            self.extend([convolution, nn.LeakyReLU(0.2)])
        self.extend([nn.Flatten(), nn.Linear(16 * 2 * WIDTH, units)])


class Estimator(nn.Module):
    """ẑ from two batches of raw images: one encoder for both (joint batch-norm statistics), averages, linear, tanh."""

    def __init__(self, width):
        super().__init__()
        self.encoder = Nin(width)
        self.decoder = nn.Linear(2 * width, CODE)

    def forward(self, images, transformed):
        vectors = self.encoder(normalised(torch.cat([images, transformed]))).mean((2, 3))
        return self.decoder(torch.cat(vectors.chunk(2), 1)).tanh()


def spline():
    """[32, 5]: for each pixel the weights of the control points along a side, by Cox and de Boor's recursion."""
    places = ((torch.arange(SIDE) + 0.5) / SIDE * CELLS)[:, None]
    knots = torch.arange(-3, CELLS + 4)
    basis = ((places >= knots[:-1]) & (places < knots[1:])).float()
    for degree in (1, 2, 3):
        lower, upper = knots[: -degree - 1], knots[degree + 1 :]
        basis = ((places - lower) * basis[:, :-1] + (upper - places) * basis[:, 1:]) / degree
    return basis


SPLINE = spline()
GRID = torch.stack(torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing='xy'), 2)


def generate(trunk, images, codes):
    """G: raw images [batch, 3, 32, 32] bent, then changed in contrast and brightness, each by a smooth surface."""
    rates = trunk(normalised(images)).view(len(images), POINTS, POINTS, MAPS, CODE)
    moved = torch.einsum('bijmk,bk->bijm', rates, codes).tanh()
    fields = torch.einsum('yi,xj,bijm->bmyx', SPLINE, SPLINE, moved)
    positions = GRID + fields[:, :2].permute(0, 2, 3, 1) * (SHIFT * SIDE / CELLS)
    bent = F.grid_sample(images, 2 * positions / (SIDE - 1) - 1, 'bilinear', 'border', align_corners=True)
    lit = bent * (1 + COLOUR * fields[:, 2:5]) + 255 * COLOUR / 2 * fields[:, 5:8]
    return lit.clamp(0, 255)


def codes_for(images):
    return torch.rand(len(images), CODE) * 2 - 1


def half_squared_norm(estimates, codes):
    return ((estimates - codes) ** 2).sum(1).mean() / 2


def train_generator(images, epochs, batch):
    """Both players move at once, each by its gradient before the other moved."""
    generator, judge, estimator = (m.to(memory_format=torch.channels_last) for m in (Trunk(POINTS**2 * MAPS * CODE), Trunk(1), Estimator(24)))
    ours, theirs = [*generator.parameters(), *estimator.parameters()], list(judge.parameters())
    optimisers = [torch.optim.Adam(parameters, 1e-3, betas=(0.5, 0.999)) for parameters in (ours, theirs)]
    realness = lambda x: judge(normalised(x))  # noqa: E731

    def step(chosen):
        x = augmented(images[chosen]).float()
        codes, others = codes_for(x), codes_for(x)
        made = generate(generator, x, codes)
        adversarial = F.softplus(-realness(made)).mean()
        code = half_squared_norm(estimator(x, made), codes)
        change = (made - generate(generator, x, others)).abs().mean()
        loss = ADVERSARIAL * adversarial + OF_CODE * code + OF_CHANGE * F.relu(1 - change / LEAST)
        real, fake = realness(x), realness(made.detach())
        judged = F.softplus(-real).mean() + F.softplus(fake).mean()
        for parameters, of in ((ours, loss), (theirs, judged)):
            for parameter, gradient in zip(parameters, torch.autograd.grad(of, parameters)):
                parameter.grad = gradient
        for optimiser in optimisers:
            optimiser.step()
        right = torch.cat([real > 0, fake < 0]).float().mean() * 100
        return {'generator': loss, 'discriminator': judged, 'code': code, 'adversarial': adversarial, 'change': change, 'right': right}

    train('generator', step, optimisers, 1e-3, len(images), epochs, batch)
    return generator, estimator


def our_generator(path):
    """The generator of a checkpoint of ours: kernels are height, width, in, out there, and vectors rows, columns, channels."""
    tensors, trunk = load_file(path), Trunk(POINTS**2 * MAPS * CODE)
    named = {}
    for layer in range(3):
        named[f'{2 * layer}.weight'] = tensors[f'generator/conv{layer + 1}_convolution/kernel'].permute(3, 2, 0, 1)
        named[f'{2 * layer}.bias'] = tensors[f'generator/conv{layer + 1}_convolution/bias']
    kernel = tensors['generator/rates/kernel']
    named['7.weight'] = kernel.view(4, 4, 2 * WIDTH, -1).permute(3, 2, 0, 1).flatten(1)
    named['7.bias'] = tensors['generator/rates/bias']
    trunk.load_state_dict(named)
    return trunk.to(memory_format=torch.channels_last)


@torch.no_grad()
def change_of(generator, test_images):
    """Mean |G(x, z) − G(x, z′)| on test images, in 0..255."""
    pairs = ((part.float(), codes_for(part), codes_for(part)) for part in test_images.split(500))
    changes = [(generate(generator, x, a) - generate(generator, x, b)).abs().flatten(1).mean(1) for x, a, b in pairs]
    return torch.cat(changes).mean().item()


@torch.no_grad()
def measure(generator, estimator, test_images):
    """Mean squared error of ẑ, that of predicting its mean, R²; on test images, un-augmented."""
    estimator.eval()
    squared, codes = [], []
    for part in test_images.split(500):
        x = part.float()
        drawn = codes_for(x)
        squared.append((estimator(x, generate(generator, x, drawn)) - drawn) ** 2)
        codes.append(drawn)
    mse, spread = torch.cat(squared).mean().item(), torch.cat(codes).var(0, unbiased=False).mean().item()
    return {'mse': mse, 'predict-the-mean mse': spread, 'r2': 1 - mse / spread}


def main():
    run = arguments(generator='', images=10_000, generator_images=5_000, generator_epochs=4, generator_batch=64, epochs=5, batch=256)
    train_set, test_set = load(run.folder, 'train', run.images, run.seed), load(run.folder, 'test')
    images, test_images = train_set[0], test_set[0]
    if run.generator:
        generator, figures = our_generator(run.generator), {}
    else:
        for_generator, _ = load(run.folder, 'train', run.generator_images, run.seed)
        generator, first = train_generator(for_generator, run.generator_epochs, run.generator_batch)
        figures = {f'generator {name}': value for name, value in measure(generator, first, test_images).items()}
    figures['generator change'] = change_of(generator, test_images)
    print(figures, flush=True)

    model = Estimator(64).to(memory_format=torch.channels_last)
    untrained = copy.deepcopy(model.encoder)
    optimiser = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)

    def step(chosen):
        x = augmented(images[chosen]).float()
        codes = codes_for(x)
        with torch.no_grad():
            made = generate(generator, x, codes)
        return {'loss': update(optimiser, half_squared_norm(model(x, made), codes))}

    model.train()
    train('AET', step, [optimiser], cosine(0.05), len(images), run.epochs, run.batch)
    figures |= measure(generator, model, test_images)
    print(figures, flush=True)
    figures |= probe(model.encoder, 'AET', train_set, test_set)
    figures |= probe(untrained, 'random', train_set, test_set)
    print('RESULT', json.dumps({'seed': run.seed, 'torch': torch.__version__, **figures}))


if __name__ == '__main__':
    main()
