"""Proposals and anchors' targets of torchvision: packages/eval/src/detection/proposals.reference.json.

Which anchors are of objects and which background, and what is left of moved anchors after clipping, the least side, the best
scores and non-maximum suppression. Run from the root of the workspace, after bench/setup-oracles:
python bench/oracles/proposals_reference.py (then prettier --write the file).
"""
import json
from pathlib import Path

import torch
from torchvision.models.detection.rpn import AnchorGenerator, RegionProposalNetwork, RPNHead

generator = torch.Generator().manual_seed(6)
HEIGHT, WIDTH, STRIDE = 70, 100, 12


def listed(values, digits):
    return [round(value, digits) for value in values.flatten().tolist()]


def network(before, after, overlap, least_side):
    amounts = [{'training': amount, 'testing': amount} for amount in (before, after)]
    made = RegionProposalNetwork(
        AnchorGenerator(), RPNHead(1, 1), fg_iou_thresh=0.7, bg_iou_thresh=0.3, batch_size_per_image=256,
        positive_fraction=0.5, pre_nms_top_n=amounts[0], post_nms_top_n=amounts[1], nms_thresh=overlap,
    )
    made.min_size = least_side
    return made


# Windows about units 12 pixels apart, as torchvision makes them; and those of them that lie wholly inside the image.
cells = AnchorGenerator(sizes=((16, 32, 64),), aspect_ratios=((0.5, 1.0, 2.0),))
base = cells.cell_anchors[0]
centres = torch.cartesian_prod(torch.arange(4, HEIGHT, STRIDE), torch.arange(4, WIDTH, STRIDE)).float()
anchors = (centres.flip(1).repeat(1, 2)[:, None] + base[None]).reshape(-1, 4)
inside = (anchors[:, 0] >= 0) & (anchors[:, 1] >= 0) & (anchors[:, 2] <= WIDTH) & (anchors[:, 3] <= HEIGHT)
# One near an anchor, two that no anchor overlaps by 0.7, one midway between two anchors.
objects = torch.tensor([[25.0, 24, 55, 57], [40, 5, 95, 24], [70, 36, 80, 60], [38, 44, 54, 60]])
rpn = network(2000, 2000, 0.7, 1e-3)
labels, matched = rpn.assign_targets_to_anchors([anchors[inside]], [{'boxes': objects}])
of_objects = (labels[0] == 1).nonzero().flatten()
encoded = rpn.box_coder.encode([matched[0][of_objects]], [anchors[inside][of_objects]])[0]

scores = torch.randn(len(anchors), generator=generator).round(decimals=3)
offsets = (torch.randn(len(anchors), 4, generator=generator) * 0.4).round(decimals=3)
decoded = rpn.box_coder.decode(offsets, [anchors]).reshape(1, -1, 4)


def proposed(before, after, overlap, least_side):
    made = network(before, after, overlap, least_side)
    (boxes,), _ = made.filter_proposals(decoded, scores[None], [(HEIGHT, WIDTH)], [len(anchors)])
    rule = {'before': before, 'after': after, 'overlap': overlap, 'leastSide': least_side}
    return rule | {'boxes': listed(boxes, 3)}


fixture = {
    'image': {'height': HEIGHT, 'width': WIDTH}, 'stride': STRIDE, 'units': len(centres),
    'shapes': listed(base[:, 2:] - base[:, :2], 1), 'inside': inside.nonzero().flatten().tolist(),
    'objects': listed(objects, 1), 'labels': labels[0].int().tolist(),
    'encoded': listed(encoded, 5), 'scores': listed(scores, 3), 'offsets': listed(offsets, 3),
    # With a least side all scores are looked at: torchvision takes the best first and drops small ones then.
    'proposed': [proposed(80, 12, 0.7, 1e-3), proposed(len(anchors), 40, 0.4, 9.0)],
}
path = Path(__file__).resolve().parents[2] / 'packages/eval/src/detection/proposals.reference.json'
path.write_text(json.dumps(fixture) + '\n')
print(path.name, path.stat().st_size, 'bytes', [len(one['boxes']) // 4 for one in fixture['proposed']])
print({label: fixture['labels'].count(label) for label in (-1, 0, 1)}, 'of', len(anchors))
