"""Writes the pickles that packages/data/src/pictures/formats/pickle.test.ts reads: what Python 3 makes of a batch of CIFAR."""
import pathlib, pickle

import numpy as np

here = pathlib.Path(__file__).resolve().parents[2] / "packages/data/src/testing"
batch = {
    b"data": np.arange(2 * 3072, dtype=np.int64).astype(np.uint8).reshape(2, 3072),
    b"labels": [3, 9],
    b"filenames": [b"a.png", b"b.png"],
}
for protocol in (2, 4):
    (here / f"python3-protocol{protocol}.fixture.pkl").write_bytes(pickle.dumps(batch, protocol=protocol))
