"""eval/voc-detection of the small experiment in PyTorch: Fast R-CNN with torchvision's RoI pooling, overlaps and suppression."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.ops import box_iou, nms, roi_pool

from images import Split, normalised, resized, train, updates
from trunk import gaussian, he, load_trunk, split_parameters

BINS, STRIDE, FRAME = 6, 4, 64
LEAST, BACKGROUND, FOREGROUND = 0.5, (0.1, 0.5), 0.25
LEAST_SCORE, MOST_OVERLAP, MOST_BOXES, MOST_GROWTH = 0.05, 0.3, 100, math.log(1000 / 16)


class Head(nn.Module):
    def __init__(self, channels, units, classes, hidden):
        super().__init__()
        widths = [channels * BINS**2, units, units] if units else [channels * BINS**2]
        layers = {
            'dropout': lambda pair: nn.Sequential(he(nn.Linear(*pair)), nn.ReLU(), nn.Dropout(0.5)),
            'batch-norm': lambda pair: nn.Sequential(he(nn.Linear(*pair, bias=False)), nn.BatchNorm1d(pair[1]), nn.ReLU()),
        }[hidden]
        self.hidden = nn.ModuleList(layers(pair) for pair in zip(widths, widths[1:]))
        self.scores = gaussian(nn.Linear(widths[-1], classes), 0.01)
        self.offsets = gaussian(nn.Linear(widths[-1], 4 * classes), 0.001)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = layer(x)
        return self.scores(x), self.offsets(x).view(len(x), -1, 4)


def offsets_between(regions, objects):
    (a, b), (c, d) = ((boxes[:, :2] + boxes[:, 2:], boxes[:, 2:] - boxes[:, :2]) for boxes in (regions, objects))
    return torch.cat([(c - a) / 2 / b, (d / b).log()], 1)


def moved(regions, offsets, height, width):
    sides = regions[:, 2:] - regions[:, :2]
    centres = (regions[:, :2] + regions[:, 2:]) / 2 + offsets[:, :2] * sides
    half = sides * offsets[:, 2:].clamp(max=MOST_GROWTH).exp() / 2
    boxes = torch.cat([centres - half, centres + half], 1).clamp(min=0)
    return torch.minimum(boxes, torch.tensor([width, height, width, height]).float())


def mirrored(boxes, width):
    return torch.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)


def regions_of(split, i, difficult):
    """Proposals and objects, and for each the object that it overlaps most and by how much."""
    boxes, labels, hard = split.objects(i)
    if not difficult:
        boxes, labels = boxes[~hard], labels[~hard]
    regions = torch.cat([split.proposals[i], boxes])
    overlap, own = box_iou(regions, boxes).max(1) if len(boxes) else (torch.zeros(len(regions)), torch.zeros(len(regions), dtype=torch.long))
    return regions, boxes, labels, overlap, own


def framed(pixels, rules, flips, about):
    """Images at the left top of frames of one size, and pixels of a frame for a pixel of the image, across and down."""
    targets = []
    for image, rule in zip(pixels, rules):
        height, width = image.shape[:2]
        factor = min(rule['side'] / min(height, width), rule['most'] / max(height, width))
        targets.append((round(height * factor), round(width * factor)))
    height, width = (math.ceil(max(sides) / FRAME) * FRAME for sides in zip(*targets))
    x = torch.zeros(len(pixels), 3, height, width).contiguous(memory_format=torch.channels_last)
    for i, (image, (h, w), flip) in enumerate(zip(pixels, targets, flips)):
        x[i, :, :h, :w] = normalised(resized(image, h, w, flip=flip)[None].copy(), about)[0]
    return x, [(w / image.shape[1], h / image.shape[0]) for image, (h, w) in zip(pixels, targets)]


def corners(boxes, across, down):
    """Inclusive ones, in the pixels of a frame."""
    return (boxes - torch.tensor([0.0, 0, 1, 1])) * torch.tensor([across, down, across, down])


def standardisation(split, difficult, classes):
    """Mean and deviation of the offsets of all regions of objects, by class; each image as it is and mirrored."""
    found = [[] for _ in range(classes)]
    for i in range(len(split)):
        regions, boxes, labels, overlap, own = regions_of(split, i, difficult)
        of = overlap >= LEAST
        for label, offset in zip(labels[own[of]].tolist(), offsets_between(regions[of], boxes[own[of]])):
            found[label + 1] += [offset, offset * torch.tensor([-1.0, 1, 1, 1])]
    mean, deviation = torch.zeros(classes, 4), torch.ones(classes, 4)
    for label, offsets in enumerate(found):
        if offsets:
            all_ = torch.stack(offsets).double()
            mean[label], spread = all_.mean(0).float(), all_.std(0, unbiased=False).float()
            deviation[label] = torch.where(spread > 1e-5, spread, 1)
    return mean, deviation


def average_precision(found, split, label):
    """VOC 2007's by eleven points, and the number of objects. `found`: (score, image, box), in order of images."""
    objects, positives = {}, 0
    for i in range(len(split)):
        boxes, labels, hard = split.objects(i)
        own = labels == label
        objects[i] = (boxes[own], hard[own.numpy()], np.zeros(int(own.sum()), bool))
        positives += int((~objects[i][1]).sum())
    if positives == 0:
        return None, 0
    right = []
    for score, i, box in sorted(found, key=lambda one: -one[0]):
        boxes, hard, taken = objects[i]
        overlap, best = box_iou(box[None], boxes)[0].max(0) if len(boxes) else (0, 0)
        if overlap >= 0.5 and hard[best]:
            continue
        right.append(bool(overlap >= 0.5 and not taken[best]))
        if right[-1]:
            taken[best] = True
    hits = np.cumsum(right)
    recall, precision = hits / positives, hits / np.arange(1, len(hits) + 1)
    best = [precision[recall >= tenth / 10 - 1e-12].max(initial=0) for tenth in range(11)]
    return float(np.mean(best)), positives


def detect(job):
    settings, about = job['settings'], job['normalisation']
    assert settings['batchNorm'] in ('folded', 'trained') and len(settings['testScales']) == 1
    training, testing = (Split(job['inputs'], job['config'][part]['split']) for part in ('train', 'test'))
    classes, difficult, count = len(training.classes) + 1, settings['difficult'], settings['regions']
    trunk = load_trunk(job['checkpoint'], settings['batchNorm'] == 'folded').train(settings['batchNorm'] == 'trained')
    blocks = [trunk.block1, trunk.block2, trunk.block3]
    frozen = ['conv1', 'conv2', 'conv3'].index(job['config']['frozen']) + 1
    for block in blocks[:frozen]:
        block.requires_grad_(False)
    head = Head(trunk.block3[2][0].out_channels, settings['units'], classes, settings['hidden'])
    weights, biases, others = split_parameters([*blocks[frozen:], head])
    optimiser = updates(settings, weights + others, biases, 2, 0)
    mean, deviation = standardisation(training, difficult, classes)

    def sampled(i, flip):
        regions, boxes, labels, overlap, own = regions_of(training, i, difficult)
        if flip:
            regions, boxes = (mirrored(part, training.sizes[i][1]) for part in (regions, boxes))
        drawn = lambda which, most: which[torch.randperm(len(which))[:most]]  # noqa: E731
        objects = drawn(torch.where(overlap >= LEAST)[0], round(FOREGROUND * count))
        others = drawn(torch.where((overlap >= BACKGROUND[0]) & (overlap < BACKGROUND[1]))[0], count - len(objects))
        said = torch.cat([labels[own[objects]] + 1, torch.zeros(len(others), dtype=torch.long)])
        offsets = torch.zeros(len(said), 4)
        offsets[: len(objects)] = offsets_between(regions[objects], boxes[own[objects]])
        return regions[torch.cat([objects, others])], said, (offsets - mean[said]) / deviation[said]

    def gradients(draws):
        places, flips = [draw % len(training) for draw in draws], [draw // len(training) % 2 == 1 for draw in draws]
        rules = [settings['scales'][np.random.randint(len(settings['scales']))] for _ in draws]
        x, scales = framed([training.pixels[i] for i in places], rules, flips, about)
        regions, labels, targets = zip(*(sampled(i, flip) for i, flip in zip(places, flips)))
        pooled = roi_pool(trunk(x), [corners(boxes, *scale) for boxes, scale in zip(regions, scales)], BINS, 1 / STRIDE)
        labels, targets = torch.cat(labels), torch.cat(targets)
        scores, offsets = head(pooled)
        objects = labels > 0
        distance = F.smooth_l1_loss(offsets[objects, labels[objects]], targets[objects], reduction='sum')
        loss = F.cross_entropy(scores, labels) + distance / len(labels)
        loss.backward()
        return loss.item()

    seconds = train('detection', settings, 2 * len(training), optimiser, gradients)
    trunk.eval(), head.eval()
    found = [[] for _ in range(classes)]
    with torch.no_grad():
        for i, pixels in enumerate(testing.pixels):
            regions, (height, width) = testing.proposals[i], pixels.shape[:2]
            x, [scale] = framed([pixels], settings['testScales'], [False], about)
            scores, offsets = head(roi_pool(trunk(x), [corners(regions, *scale)], BINS, 1 / STRIDE))
            scores, offsets, own = scores.softmax(1), offsets * deviation + mean, []
            for label in range(1, classes):
                chosen = torch.where(scores[:, label] > LEAST_SCORE)[0]
                boxes = moved(regions[chosen], offsets[chosen, label], height, width)
                own += [(scores[chosen[k], label].item(), label, boxes[k]) for k in nms(boxes, scores[chosen, label], MOST_OVERLAP)]
            for score, label, box in sorted(own, key=lambda one: -one[0])[:MOST_BOXES]:
                found[label].append((score, i, box))
    precisions = [average_precision(found[label], testing, label - 1)[0] for label in range(1, classes)]
    mean_precision = float(np.mean([value for value in precisions if value is not None]))
    return {'value': mean_precision, 'classes': precisions, 'seconds': seconds}
