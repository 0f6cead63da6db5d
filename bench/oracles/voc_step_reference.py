"""Two steps of each transfer to VOC in PyTorch: packages/eval/src/evaluations/voc-*/voc-step.reference.json.

On a NIN of three blocks whose batch norm is folded into the weights before it, without dropout, biases at twice the rate:
classification (sigmoids, difficult classes left out, gradients clipped together), segmentation (fc6 as a convolution, a score of
a finer map added, transposed convolutions with bilinear weights, void pixels), detection (RoI pooling, two losses), and detection with a network that proposes the regions (torchvision's choice
of them and of anchors, four losses). Run from
the root of the workspace, after bench/setup-oracles: python bench/oracles/voc_step_reference.py (then prettier --write the
files). Arrays as in nin_reference.py.
"""
import json

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision.models.detection.rpn import AnchorGenerator, RegionProposalNetwork, RPNHead
from torchvision.ops import box_iou, roi_pool

from nin_reference import MEAN, ROOT, STD, Nin, array, normalised, randomise, weights

STEPS = 2


class Folded:
    """A NIN with biases in the place of its batch norm, which stays as a layer that does nothing."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)
        self.net = Nin(8, 3)
        randomise(self.net, self.generator)
        self.net.eval()
        self.before = weights(self.net)
        self.convolutions = []
        for block in self.net.blocks:
            for unit in block:
                fused = nn.utils.fusion.fuse_conv_bn_eval(unit.conv, unit.bn)
                fused.bias.requires_grad_(True)
                unit.conv, unit.bn = fused, nn.Identity()
                self.convolutions.append(fused)

    def linear(self, inputs, units, std=0.2):
        layer = nn.Linear(inputs, units)
        with torch.no_grad():
            layer.weight.normal_(0, std, generator=self.generator)
            layer.bias.uniform_(-0.3, 0.3, generator=self.generator)
        return layer

    def parameters(self, layers):
        return (
            [layer.weight for layer in self.convolutions + layers],
            [layer.bias for layer in self.convolutions + layers],
        )

    def after(self):
        return {
            'kernels': [array(conv.weight.permute(2, 3, 1, 0)) for conv in self.convolutions],
            'biases': [array(conv.bias) for conv in self.convolutions],
        }


def matrix(linear, shape=None):
    """The weights `[inputs, units]` of a matrix that takes a map `shape` row by row, channels fastest; a vector without."""
    weight = linear.weight
    if shape is None:
        return array(weight.T)
    return array(weight.view(weight.shape[0], *shape).permute(2, 3, 1, 0).reshape(-1, weight.shape[0]))


def named(layers, shapes):
    found = {}
    for name, layer in layers.items():
        found |= {f'{name}/kernel': matrix(layer, shapes.get(name)), f'{name}/bias': array(layer.bias)}
    return found


def train(folded, layers, loss, rate, decay, bias_decay, clip=None):
    kernels, biases = folded.parameters(layers)
    optimiser = torch.optim.SGD(
        [{'params': kernels, 'lr': rate}, {'params': biases, 'lr': 2 * rate, 'weight_decay': bias_decay}],
        rate, momentum=0.9, weight_decay=decay,
    )
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        value = loss()
        value.backward()
        if clip is not None:
            print('norm', nn.utils.clip_grad_norm_(kernels + biases, clip).item())
        optimiser.step()
        losses.append(value.item())
    print('losses', losses)
    return losses


def write(name, fixture):
    path = ROOT / f'packages/eval/src/evaluations/{name}/voc-step.reference.json'
    path.write_text(json.dumps({'normalisation': {'mean': MEAN, 'std': STD}} | fixture) + '\n')
    print(path.name, path.stat().st_size, 'bytes')


def classification():
    rate, clip, decay, classes, units = 0.5, 0.2, 1e-3, 4, 6
    folded = Folded(21)
    images = np.random.RandomState(22).randint(0, 256, (6, 16, 16, 3)).astype(np.uint8)
    presence = np.random.RandomState(23).randint(-1, 2, (6, classes)).astype(np.int32)
    x = normalised(images)
    shape = folded.net.features(x)[-1].shape[1:]
    layers = {
        'fc6_linear': folded.linear(shape.numel(), units), 'fc7_linear': folded.linear(units, units),
        'fc8': folded.linear(units, classes),
    }
    before = named(layers, {'fc6_linear': shape})
    shown, counts = (torch.tensor(part.astype(np.float32)) for part in (presence == 1, presence != 0))

    def loss():
        vector = folded.net.features(x)[-1].flatten(1)
        for name in ('fc6_linear', 'fc7_linear'):
            vector = F.relu(layers[name](vector))
        entropy = F.binary_cross_entropy_with_logits(layers['fc8'](vector), shown, reduction='none')
        return (entropy * counts).sum() / len(images)

    losses = train(folded, list(layers.values()), loss, rate, decay, decay, clip)
    write('voc-classification', {
        'images': array(images), 'presence': presence.flatten().tolist(), 'classes': classes, 'units': units,
        'learningRate': rate, 'clip': clip, 'weightDecay': decay, 'encoder': folded.before, 'head': before,
        'losses': losses, **folded.after(), 'headAfter': named(layers, {'fc6_linear': shape}),
    })


def bilinear(scores, stride):
    """Transposed convolution with fixed bilinear weights, before any crop: unit i is centred on stride · i + stride − 1."""
    tent = 1 - (torch.arange(2 * stride - 1) - (stride - 1)).abs() / stride
    kernel = torch.outer(tent, tent).expand(scores.shape[1], 1, -1, -1)
    return F.conv_transpose2d(scores, kernel, stride=stride, groups=scores.shape[1])


def segmentation():
    rate, decay, classes, units, pad, window = 0.2, 1e-3, 3, 5, 6, 3
    folded = Folded(31)
    random = np.random.RandomState(32)
    images = random.randint(0, 256, (2, 20, 24, 3)).astype(np.uint8)
    labels = random.randint(0, classes, (2, 20, 24)).astype(np.uint8)
    labels[random.rand(2, 20, 24) < 0.2] = 255
    # The second image is 16 × 18 in its frame.
    sizes = [(20, 24), (16, 18)]
    inside = torch.zeros(2, 1, 20, 24)
    for i, (height, width) in enumerate(sizes):
        inside[i, :, :height, :width] = 1
        labels[i, height:], labels[i, :, width:] = 255, 255
    x = F.pad(normalised(images) * inside, (pad, pad, pad, pad))
    channels = folded.net.features(x)[-1].shape[1]
    layers = {
        'fc6_linear': folded.linear(channels * window**2, units), 'fc7_linear': folded.linear(units, units),
        'score': folded.linear(units, classes), 'score_conv1': folded.linear(folded.net.features(x)[0].shape[1], classes),
    }

    def as_convolution(name, side=1):
        layer = layers[name]
        return layer.weight.view(layer.weight.shape[0], -1, side, side), layer.bias

    def loss():
        maps = folded.net.features(x)
        deep = F.relu(F.conv2d(maps[-1], *as_convolution('fc6_linear', window)))
        deep = F.conv2d(F.relu(F.conv2d(deep, *as_convolution('fc7_linear'))), *as_convolution('score'))
        fine = F.conv2d(maps[0], *as_convolution('score_conv1'))
        # Units of the last map lie 4 pixels apart, fc6's first one on pixel 4; those of conv1 2 apart, the first on pixel 0.
        rows, columns = fine.shape[2:]
        up = bilinear(deep, 2)
        # In units of conv1: deep unit 0 lies on 2, in `up` on 1.
        up = F.pad(up, (1, columns, 1, rows))[:, :, :rows, :columns]
        whole = bilinear(up + fine, 2)
        # In pixels of the padded image: fine unit 0 lies on 0, in `whole` on 1.
        image = whole[:, :, 1 + pad:, 1 + pad:][:, :, :20, :24]
        total = 0
        for scores, own in zip(image, torch.tensor(labels.astype(np.int64))):
            total = total + F.cross_entropy(scores[None], own[None], ignore_index=255)
        return total / 2

    shapes = {'fc6_linear': (channels, window, window)}
    before = named(layers, shapes)
    losses = train(folded, list(layers.values()), loss, rate, decay, 0)
    write('voc-segmentation', {
        'images': array(images), 'labels': array(labels), 'sizes': sizes, 'classes': classes, 'units': units, 'pad': pad,
        'window': window, 'learningRate': rate, 'weightDecay': decay, 'encoder': folded.before, 'head': before,
        'losses': losses, **folded.after(), 'headAfter': named(layers, shapes),
    })


def detection():
    rate, decay, classes, units, bins = 0.02, 1e-3, 3, 5, 6
    folded = Folded(41)
    random = np.random.RandomState(42)
    images = random.randint(0, 256, (2, 32, 40, 3)).astype(np.uint8)
    places = [0] * 5 + [1] * 5
    corners = []
    for _ in places:
        left, top = random.randint(0, 24), random.randint(0, 20)
        corners.append([left, top, left + random.randint(4, 15), top + random.randint(4, 11)])
    labels = [0, 1, 2, 1, 0, 2, 0, 0, 1, 0]
    counts = [1] * 9 + [0]
    offsets = random.randn(10, 4).astype(np.float32) * 1.5
    x = normalised(images)
    channels = folded.net.features(x)[-1].shape[1]
    layers = {
        'fc6_linear': folded.linear(channels * bins**2, units), 'fc7_linear': folded.linear(units, units),
        'scores': folded.linear(units, classes), 'offsets': folded.linear(units, 4 * classes),
    }
    regions = torch.tensor([[place, *map(float, corner)] for place, corner in zip(places, corners)])

    def loss():
        vector = roi_pool(folded.net.features(x)[-1], regions, bins, 1 / 4).flatten(1)
        for name in ('fc6_linear', 'fc7_linear'):
            vector = F.relu(layers[name](vector))
        used = torch.tensor(counts) > 0
        own = torch.tensor(labels)
        classification = F.cross_entropy(layers['scores'](vector)[used], own[used], reduction='sum')
        moves = layers['offsets'](vector).view(-1, classes, 4)[torch.arange(10), own]
        objects = used & (own > 0)
        distance = F.smooth_l1_loss(moves[objects], torch.tensor(offsets)[objects], reduction='sum')
        return (classification + distance) / used.sum()

    shapes = {'fc6_linear': (channels, bins, bins)}
    before = named(layers, shapes)
    losses = train(folded, list(layers.values()), loss, rate, decay, 0)
    write('voc-detection', {
        'images': array(images), 'corners': sum(corners, []), 'places': places, 'labels': labels, 'counts': counts,
        'offsets': offsets.flatten().tolist(), 'classes': classes, 'units': units, 'learningRate': rate,
        'weightDecay': decay, 'encoder': folded.before, 'head': before, 'losses': losses, **folded.after(),
        'headAfter': named(layers, shapes),
    })


def faster():
    rate, decay, classes, units, bins, filters, stride = 0.02, 1e-3, 3, 5, 6, 6, 4
    height, width, least_side, before, after, overlap = 40, 48, 5.0, 400, 50, 0.7
    shapes = torch.tensor([[23.0, 12], [16, 16], [11, 22]]) * 0.75
    folded = Folded(51)
    random = np.random.RandomState(52)
    images = random.randint(0, 256, (1, height, width, 3)).astype(np.uint8)
    objects = torch.tensor([[4.0, 6, 18, 16], [20, 12, 33, 37], [26, 3, 44, 14]])
    labels = torch.tensor([1, 2, 1])
    x = normalised(images)
    channels = folded.net.features(x)[-1].shape[1]
    layers = {
        'rpn_convolution': folded.linear(channels * 9, filters, 0.05), 'rpn_scores': folded.linear(filters, 2 * len(shapes)),
        'rpn_offsets': folded.linear(filters, 4 * len(shapes), 0.05),
        'fc6_linear': folded.linear(channels * bins**2, units), 'fc7_linear': folded.linear(units, units),
        'scores': folded.linear(units, classes), 'offsets': folded.linear(units, 4 * classes),
    }
    with torch.no_grad():
        layers['rpn_offsets'].bias.mul_(0.2)  # so that some regions stay with the objects
    # Units lie on pixels 0, 4, …, so half a pixel from the border on its left.
    rows, columns = folded.net.features(x)[-1].shape[2:]
    centres = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).flip(1) * stride + 0.5
    corners = torch.cat([-shapes / 2, shapes / 2], 1)
    anchors = (centres.repeat(1, 2)[:, None] + corners[None]).reshape(-1, 4)
    inside = (anchors[:, 0] >= 0) & (anchors[:, 1] >= 0) & (anchors[:, 2] <= width) & (anchors[:, 3] <= height)
    amounts = [{'training': amount, 'testing': amount} for amount in (before, after)]
    rpn = RegionProposalNetwork(
        AnchorGenerator(), RPNHead(1, 1), fg_iou_thresh=0.7, bg_iou_thresh=0.3, batch_size_per_image=10_000,
        positive_fraction=0.5, pre_nms_top_n=amounts[0], post_nms_top_n=amounts[1], nms_thresh=overlap,
    )
    rpn.min_size = least_side
    wanted, matched = rpn.assign_targets_to_anchors([anchors[inside]], [{'boxes': objects}])
    targets = rpn.box_coder.encode(matched, [anchors[inside]])
    counts = []

    def loss():
        map = folded.net.features(x)[-1]
        kernel = layers['rpn_convolution']
        hidden = F.relu(F.conv2d(map, kernel.weight.view(filters, channels, 3, 3), kernel.bias, padding=1))
        flat = hidden[0].permute(1, 2, 0).reshape(-1, filters)
        pairs, moves = layers['rpn_scores'](flat).reshape(-1, 2), layers['rpn_offsets'](flat).reshape(-1, 4)
        # The cross entropy of two scores is that of the sigmoid of their difference.
        objectness = (pairs[:, 1] - pairs[:, 0])[:, None]
        own = rpn.compute_loss(objectness[inside], moves[inside], wanted, targets)
        decoded = rpn.box_coder.decode(moves.detach(), [anchors]).reshape(1, -1, 4)
        (proposed,), _ = rpn.filter_proposals(decoded, objectness[None, :, 0], [(height, width)], [len(anchors)])
        regions = torch.cat([proposed, objects])
        shared, object_of = box_iou(regions, objects).max(1)
        used = shared >= 0
        truth = torch.where(shared >= 0.5, labels[object_of], 0)
        counts.append((len(regions), int((truth > 0).sum())))
        # Corners are inclusive where regions are pooled, and units lie on pixels 4 i.
        pooled = roi_pool(map, [torch.cat([regions[:, :2], regions[:, 2:] - 1], 1)], bins, 1 / stride).flatten(1)
        for name in ('fc6_linear', 'fc7_linear'):
            pooled = F.relu(layers[name](pooled))
        classification = F.cross_entropy(layers['scores'](pooled), truth)
        found = truth > 0
        offsets = rpn.box_coder.encode([objects[object_of[found]]], [regions[found]])[0] / torch.tensor([0.1, 0.1, 0.2, 0.2])
        own_moves = layers['offsets'](pooled).view(-1, classes, 4)[used][found, truth[found]]
        distance = F.smooth_l1_loss(own_moves, offsets, reduction='sum') / len(regions)
        return sum(own) + classification + distance

    matrices = {'fc6_linear': (channels, bins, bins), 'rpn_convolution': (channels, 3, 3)}
    weights_before = named(layers, matrices)
    losses = train(folded, list(layers.values()), loss, rate, decay, 0)
    print('anchors', {label: int((wanted[0] == label).sum()) for label in (-1, 0, 1)}, 'regions, of objects', counts)
    write('voc-faster-rcnn', {
        'images': array(images), 'shapes': shapes.tolist(), 'objects': objects.flatten().tolist(), 'labels': labels.tolist(),
        'leastSide': least_side, 'before': before, 'after': after, 'overlap': overlap, 'filters': filters,
        'classes': classes, 'units': units, 'learningRate': rate, 'weightDecay': decay, 'encoder': folded.before,
        'head': weights_before, 'losses': losses, **folded.after(), 'headAfter': named(layers, matrices),
    })


if __name__ == '__main__':
    torch.set_num_threads(2)
    classification()
    segmentation()
    detection()
    faster()
