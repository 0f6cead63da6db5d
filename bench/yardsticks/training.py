"""What the yardsticks share: arguments, the loop, the cosine schedule."""

import argparse
import math
import time

import torch


def arguments(**more):
    """Folder of images, seed, and a flag with a default for each of `more`."""
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', help='CIFAR-10 as <split>/<class>/<image>')
    parser.add_argument('--seed', type=int, default=1)
    for name, value in more.items():
        parser.add_argument('--' + name.replace('_', '-'), type=type(value), default=value)
    chosen = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(chosen.seed)
    return chosen


def cosine(rate):
    return lambda done: rate * 0.5 * (1 + math.cos(math.pi * done))


def train(name, step, optimisers, rate, count, epochs, batch):
    """
    Calls `step(indices)`, which updates the weights and gives values to log, with whole batches of a new order each
    epoch; the last partial batch is dropped. `rate` is a number or a function of the part of all steps that is done.
    """
    per_epoch, taken = count // batch, 0
    for epoch in range(epochs):
        order, sums, start = torch.randperm(count), {}, time.time()
        for first in range(0, per_epoch * batch, batch):
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group['lr'] = rate(taken / (epochs * per_epoch)) if callable(rate) else rate
            for key, value in step(order[first : first + batch]).items():
                sums[key] = sums.get(key, 0) + float(torch.as_tensor(value).detach())
            taken += 1
        means = ', '.join(f'{key} {value / per_epoch:.4f}' for key, value in sums.items())
        print(f'{name}, epoch {epoch + 1} of {epochs}: {means}; {time.time() - start:.0f} s', flush=True)


def update(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
