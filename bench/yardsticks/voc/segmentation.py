"""eval/voc-segmentation of the small experiments in PyTorch: an FCN on whole images in frames of one size."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from images import Split, normalised, train, updates
from trunk import gaussian, he, load_trunk, split_parameters

VOID = 255
# Of the NIN: unit i of block 1 lies on pixel 2 i, of the last map on 4 i.
STRIDES = {'conv1': 2, 'conv3': 4}


def tents(stride, centre, units, places, step, first):
    """[places, units]: weights of units on centre + stride · i at first + step · j, falling to 0 within a stride."""
    at, of = first + step * torch.arange(places), centre + stride * torch.arange(units)
    return F.relu(1 - (at[:, None] - of[None]).abs() / stride)


def upsampled(scores, stride, centre, size, step, first):
    rows, columns = (tents(stride, centre, units, places, step, first) for units, places in zip(scores.shape[2:], size))
    return rows @ scores @ columns.T


class Fcn(nn.Module):
    def __init__(self, trunk, window, units, pad, skips, classes):
        super().__init__()
        assert skips in ([], ['conv1'])
        self.trunk, self.pad, self.reach, self.skips = trunk, pad, (window - 1) / 2 if units else 0, skips
        channels = trunk.block3[2][0].out_channels
        shapes = [(channels, window), (units, 1)] if units else []
        layers = [nn.Sequential(he(nn.Conv2d(inputs, units, side)), nn.ReLU(), nn.Dropout(0.5)) for inputs, side in shapes]
        self.hidden = nn.Sequential(*layers)
        widths = [units or channels, channels // 2]
        self.scores = nn.ModuleList(gaussian(nn.Conv2d(width, classes, 1), 0) for width in widths[: 1 + len(skips)])

    def forward(self, x):
        size = x.shape[2:]
        fine = self.trunk.block1(F.pad(x, (self.pad,) * 4))
        deep = self.trunk.block3(self.trunk.block2(fine))
        scores, stride, centre = self.scores[0](self.hidden(deep)), STRIDES['conv3'], self.reach * STRIDES['conv3'] - self.pad
        if self.skips:
            own = self.scores[1](fine)
            scores = upsampled(scores, stride, centre, own.shape[2:], STRIDES['conv1'], -self.pad) + own
            stride, centre = STRIDES['conv1'], -self.pad
        return upsampled(scores, stride, centre, size, 1, 0)


def in_frame(split, i, frame, about, flip=False):
    """An image and its mask at the left top of a frame, or a part of them anywhere; zeros and void beyond."""
    top, left = (np.random.randint(max(0, whole - part) + 1) for whole, part in zip(split.sizes[i], frame))
    pixels, mask = (part[top : top + frame[0], left : left + frame[1]] for part in (split.pixels[i], split.masks[i]))
    pixels, mask = (part[:, ::-1].copy() if flip else part for part in (pixels, mask))
    height, width = mask.shape
    x, labels = torch.zeros(1, 3, *frame), torch.full((1, *frame), VOID)
    x[:, :, :height, :width] = normalised(pixels[None], about)
    labels[0, :height, :width] = torch.from_numpy(mask.astype(np.int64))
    return x.contiguous(memory_format=torch.channels_last), labels


def segment(job):
    settings, config, about = job['settings'], job['config'], job['normalisation']
    assert settings['batchNorm'] in ('folded', 'trained') and settings['fastBiases'] == 'scores'
    training, testing = (Split(job['inputs'], config[part]['split']) for part in ('train', 'test'))
    whole, trained = training.frame, settings['batchNorm'] == 'trained'
    frame = [settings['crop']] * 2 if 'crop' in settings else whole
    trunk = load_trunk(job['checkpoint'], not trained)
    fcn = Fcn(trunk, config.get('window'), settings['units'], settings['pad'], config['skips'], len(training.classes)).to(memory_format=torch.channels_last)
    weights, biases, others = split_parameters([fcn])
    fast = [layer.bias for layer in fcn.scores]
    slow = [bias for bias in biases if all(bias is not one for one in fast)]
    optimiser = updates(settings, weights + others + slow, fast, 2, 0)
    fcn.train()

    def gradients(draws):
        drawn = [in_frame(training, i, frame, about, settings['flip'] and np.random.rand() < 0.5) for i in draws]
        # Images see each other in the statistics of batch norm alone.
        parts, total = [[torch.cat(part) for part in zip(*drawn)]] if trained else drawn, 0
        for x, labels in parts:
            losses = [F.cross_entropy(scores[None], own[None], ignore_index=VOID) for scores, own in zip(fcn(x), labels)]
            loss = sum(losses) / len(draws)
            loss.backward()
            total += loss.item()
        return total

    seconds = train('segmentation', settings, len(training), optimiser, gradients)
    fcn.eval()
    classes = len(training.classes)
    counts = np.zeros((classes, classes))
    with torch.no_grad():
        for i in range(len(testing)):
            x, labels = in_frame(testing, i, whole, about)
            said, known = fcn(x).argmax(1), labels != VOID
            counts += torch.bincount(classes * labels[known] + said[known], minlength=classes**2).view(classes, classes).numpy()
    with np.errstate(invalid='ignore'):
        ious = np.diag(counts) / (counts.sum(0) + counts.sum(1) - np.diag(counts))
    return {'value': 100 * float(np.nanmean(ious)), 'classes': [None if np.isnan(iou) else float(iou) for iou in ious], 'seconds': seconds}
