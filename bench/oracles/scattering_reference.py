"""kymatio's scattering of random images: packages/models/src/networks/scattering/scattering.reference.json.

Run with the oracles installed:
  python bench/oracles/scattering_reference.py > packages/models/src/networks/scattering/scattering.reference.json
"""
import base64
import json

import numpy as np
from kymatio.scattering2d.frontend.numpy_frontend import ScatteringNumPy2D


def values(seed, shape):
    """Uniform in [-2, 2), the same as the test computes: the top bits of a multiplicative hash."""
    index = np.arange(np.prod(shape), dtype=np.uint64) + np.uint64(seed) * np.uint64(1000003)
    x = (index * np.uint64(2654435761)) % np.uint64(2**32)
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(2246822519)) % np.uint64(2**32)
    x ^= x >> np.uint64(13)
    return (4 * (x / 2**32) - 2).astype(np.float32).reshape(shape)


def encode(x, step):
    x = np.ascontiguousarray(x.astype('<f4').ravel()[::step])
    return base64.b64encode(x.tobytes()).decode()


cases = []
for seed, (scales, angles, order, height, width) in enumerate([
    (2, 8, 1, 32, 32), (2, 8, 2, 32, 32), (3, 8, 1, 32, 32), (3, 8, 2, 32, 32), (4, 8, 1, 32, 32), (4, 8, 2, 32, 32),
    (1, 8, 2, 16, 16), (2, 5, 2, 21, 30),
]):
    images = values(seed, (2, height, width, 3))
    transform = ScatteringNumPy2D(scales, (height, width), L=angles, max_order=order)
    # kymatio scatters [..., height, width]: channels first, then its paths.
    output = transform(images.transpose(0, 3, 1, 2))
    maps = output.reshape(2, -1, *output.shape[-2:]).transpose(0, 2, 3, 1)
    step = 1 if maps.size < 3000 else 7
    cases.append({'seed': seed, 'scales': scales, 'angles': angles, 'order': order, 'images': [2, height, width, 3],
                  'shape': list(maps.shape), 'step': step, 'values': encode(maps, step)})
print(json.dumps(cases))
