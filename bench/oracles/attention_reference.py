"""Attention maps by NumPy and PyTorch: writes packages/eval/src/evaluations/attention-maps/attention.reference.json.

The map is the sum over channels of |activation|^p (recipes section 1.5), stretched to 0..1 and resized as
torch.nn.functional.interpolate(bilinear, align_corners=False) does. Run from the root:
python bench/oracles/attention_reference.py
"""
import json
import numpy as np
import torch

activations = np.random.default_rng(15).normal(size=(4, 5, 6)).astype('float32').round(4)
cases = []
for power in (1, 2, 4):
    attention = (np.abs(activations.astype('float64')) ** power).sum(-1)
    stretched = (attention - attention.min()) / (attention.max() - attention.min())
    shown = torch.nn.functional.interpolate(torch.from_numpy(stretched)[None, None], size=(9, 13), mode='bilinear',
                                            align_corners=False)[0, 0].numpy()
    cases.append({'power': power, 'map': attention.ravel().round(6).tolist(), 'shown': shown.ravel().round(6).tolist()})
one, other = (np.array(case['map']) for case in cases[:2])
with open('packages/eval/src/evaluations/attention-maps/attention.reference.json', 'w', encoding='utf8') as file:
    json.dump({'shape': activations.shape, 'activations': activations.ravel().tolist(), 'cases': cases,
               'correlation': np.corrcoef(one, other)[0, 1].round(6)}, file)
    file.write('\n')
