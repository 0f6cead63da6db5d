"""The recipe of the experiment aed-small in PyTorch. Run with the oracles' Python:  aed.py FOLDER [--seed 1]"""

import copy
import json

import torch
from torch import nn
from torch.nn import functional as F

from data import augmented, load, normalised
from nin import Nin, he_fan_out, unit
from probes import probe
from training import arguments, cosine, train, update

WIDTH, FILTERS = 64, 32


class Decoder(nn.Module):
    """From 8×8 to 32×32: twice doubled and convolved, then a convolution to the colours, which begins as PyTorch's do."""

    def __init__(self):
        super().__init__()
        self.units = nn.ModuleList([unit(WIDTH, FILTERS, 3), unit(FILTERS, FILTERS, 3)])
        he_fan_out(self)
        self.colours = nn.Conv2d(FILTERS, 3, 3, padding=1)

    def forward(self, x):
        for layer in self.units:
            x = layer(F.interpolate(x, scale_factor=2, mode='nearest'))
        return self.colours(x)


def main():
    run = arguments(images=10_000, epochs=4, batch=128)
    train_set, test_set = load(run.folder, 'train', run.images, run.seed), load(run.folder, 'test')
    images, test_images = train_set[0], test_set[0]
    encoder, decoder = (module.to(memory_format=torch.channels_last) for module in (Nin(WIDTH), Decoder()))
    untrained = copy.deepcopy(encoder)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)

    def step(chosen):
        x = normalised(augmented(images[chosen]))
        return {'loss': update(optimiser, F.mse_loss(decoder(encoder(x)), x))}

    encoder.train()
    train('AED', step, [optimiser], cosine(1e-3), len(images), run.epochs, run.batch)
    encoder.eval(), decoder.eval()
    mean = normalised(images.float().mean(0, keepdim=True))
    errors = ofmean = 0.0
    with torch.no_grad():
        for part in test_images.split(500):
            x = normalised(part)
            errors += F.mse_loss(decoder(encoder(x)), x).item() * len(x) / len(test_images)
            ofmean += F.mse_loss(mean.expand_as(x), x).item() * len(x) / len(test_images)
    figures = {'mse': errors, 'mean-image mse': ofmean}
    print(figures, flush=True)
    figures |= probe(encoder, 'AED', train_set, test_set)
    figures |= probe(untrained, 'random', train_set, test_set)
    print('RESULT', json.dumps({'seed': run.seed, 'torch': torch.__version__, **figures}))


if __name__ == '__main__':
    main()
