"""Images with their annotations as inputs.ts writes them, and what the three transfers to VOC share: order, rates, updates."""

import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image


class Split:
    """Pixels uint8 [height, width, 3], masks, boxes and flags of a split, by image; `frame` is what all images fit in."""

    def __init__(self, folder, name):
        about = json.loads(Path(folder, f'{name}.json').read_text())
        self.classes, self.images, self.frame = about['classes'], about['images'], about['frame']
        self.sizes = [(image['height'], image['width']) for image in self.images]
        areas = [height * width for height, width in self.sizes]
        self.pixels = [part.reshape(h, w, 3) for part, (h, w) in zip(self._parts(folder, f'{name}.pixels', np.uint8, [3 * a for a in areas]), self.sizes)]
        masks = self._parts(folder, f'{name}.masks', np.uint8, areas)
        self.masks = [part.reshape(size) if part.size else None for part, size in zip(masks, self.sizes)]
        counts = [image['proposals'] for image in self.images]
        proposals = self._parts(folder, f'{name}.proposals', np.float32, [4 * count for count in counts])
        self.proposals = [torch.from_numpy(part.reshape(-1, 4).copy()) for part in proposals]

    @staticmethod
    def _parts(folder, name, kind, lengths):
        return np.split(np.fromfile(Path(folder, name), kind), np.cumsum(lengths)[:-1])

    def __len__(self):
        return len(self.images)

    def objects(self, i):
        """Boxes [objects, 4], classes counted from 0, and whether each is difficult."""
        own = self.images[i]['objects']
        boxes = torch.tensor([[box[side] for side in ('left', 'top', 'right', 'bottom')] for box in own]).float().view(-1, 4)
        return boxes, torch.tensor([box['label'] for box in own], dtype=torch.long), np.array([box['difficult'] for box in own], bool)

    def presence(self, i):
        """For each class 1 shown, 0 only as difficult, -1 not shown."""
        return self.images[i]['presence']


def resized(pixels, height, width, box=None, flip=False):
    """A part of an image (left, top, right, bottom) scaled bilinearly, with antialiasing where it shrinks."""
    scaled = np.asarray(Image.fromarray(pixels).resize((width, height), Image.BILINEAR, box))
    return scaled[:, ::-1] if flip else scaled


def normalised(pixels, about):
    """[batch, height, width, 3] of 0..255 as [batch, 3, height, width], channels last in memory."""
    mean, std = (torch.tensor(about[name]) for name in ('mean', 'std'))
    return ((torch.from_numpy(pixels).float() - mean) / std).permute(0, 3, 1, 2)


def batches(items, settings):
    """Steps of a training: whole passes in new orders follow one another; an item is numbered anew in each pass."""
    batch, draws = settings['batchSize'], settings.get('samplesPerEpoch', items)
    waiting = []
    for _ in range(settings['epochs']):
        while len(waiting) < draws:
            waiting += torch.randperm(items).tolist()
        now, waiting = waiting[:draws], waiting[draws:]
        for first in range(0, draws // batch * batch, batch):
            yield now[first : first + batch]


def updates(settings, weights, biases, bias_rate, bias_decay):
    """As the recipes have it: SGD with momentum or Adam, biases at a rate of their own."""
    optimizer = settings['optimizer']
    groups = [{'params': weights, 'times': 1}, {'params': biases, 'times': bias_rate, 'weight_decay': bias_decay}]
    decay = optimizer['weightDecay']
    if optimizer['name'] == 'adam':
        return torch.optim.Adam(groups, 1, (optimizer['beta1'], optimizer['beta2']), optimizer['epsilon'], decay)
    return torch.optim.SGD(groups, 1, momentum=optimizer['momentum'], weight_decay=decay, nesterov=optimizer['nesterov'])


def train(name, settings, items, optimiser, gradients):
    """`gradients(draws)` leaves gradients and gives the loss; the rate falls by a cosine over all steps. Gives the seconds it took."""
    assert settings['schedule']['name'] == 'cosine' and not settings['schedule'].get('final')
    steps = settings['epochs'] * (settings.get('samplesPerEpoch', items) // settings['batchSize'])
    begun, losses = time.time(), []
    for step, draws in enumerate(batches(items, settings)):
        for group in optimiser.param_groups:
            group['lr'] = group['times'] * settings['schedule']['learningRate'] * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.zero_grad()
        losses.append(gradients(draws))
        optimiser.step()
        if (step + 1) % max(1, steps // 10) == 0:
            print(f'{name}, step {step + 1} of {steps}: loss {np.mean(losses):.4f}; {time.time() - begun:.0f} s', flush=True)
            losses = []
    return time.time() - begun
