"""Box arithmetic of torchvision: packages/eval/src/detection/boxes.reference.json.

Overlaps, non-maximum suppression, and boxes to offsets and back. Run from the root of the workspace, after bench/setup-oracles:
python bench/oracles/detection_reference.py (then prettier --write the file).
"""
import json
from pathlib import Path

import torch
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import box_iou, clip_boxes_to_image, nms

generator = torch.Generator().manual_seed(4)


def boxes(count):
    corner = torch.rand(count, 2, generator=generator) * 100
    return torch.cat([corner, corner + 1 + torch.rand(count, 2, generator=generator) * 60], 1).round(decimals=2)


def listed(values, digits=6):
    return [round(value, digits) for value in values.flatten().tolist()]


many, scores = boxes(60), torch.randperm(60, generator=generator) / 60
regions, objects = boxes(12), boxes(12)
offsets = torch.randn(12, 4, generator=generator) * 0.5
offsets[3, 2] = 9.0  # more than a side may grow
coder = BoxCoder((1.0, 1.0, 1.0, 1.0))
fixture = {
    'boxes': listed(many, 2), 'scores': listed(scores),
    'overlaps': listed(box_iou(many[:8], many[8:16])),
    'kept': {str(most): nms(many, scores, most).tolist() for most in (0.1, 0.3, 0.5, 0.7)},
    'regions': listed(regions, 2), 'objects': listed(objects, 2),
    'encoded': listed(coder.encode_single(objects, regions)),
    'offsets': listed(offsets), 'image': {'height': 120, 'width': 150},
    'decoded': listed(clip_boxes_to_image(coder.decode_single(offsets, regions), (120, 150)), 4),
}
path = Path(__file__).resolve().parents[2] / 'packages/eval/src/detection/boxes.reference.json'
path.write_text(json.dumps(fixture) + '\n')
print(path.name, path.stat().st_size, 'bytes', {most: len(kept) for most, kept in fixture['kept'].items()})
