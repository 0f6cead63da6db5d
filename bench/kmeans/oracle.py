"""faiss and PyTorch beside our k-means. oracle.py <JSON settings>, whose `what` is:
data: writes standard normal rows (NumPy's generator of seed 0), L2-normalised;
faiss, pytorch: one timed run from the first k rows, which writes its centroids;
exact: the objective of centroids, in float64."""
import json
import os
import sys
import time

import numpy as np

settings = json.loads(sys.argv[1])
what, width, k = settings["what"], settings["width"], settings["k"]


def load(path):
    return np.fromfile(path, dtype=np.float32).reshape(-1, width)


def faiss_run(rows, iterations):
    import faiss

    faiss.omp_set_num_threads(settings["threads"])
    clustering = faiss.Kmeans(
        width, k, niter=iterations, nredo=1, seed=1234, max_points_per_centroid=10**7, min_points_per_centroid=1
    )
    clustering.train(rows, init_centroids=rows[:k].copy())
    return clustering.centroids


def pytorch_run(rows, iterations, block=5000):
    import torch

    torch.set_num_threads(settings["threads"])
    rows = torch.from_numpy(rows)
    centroids = rows[:k].clone()
    for _ in range(iterations):
        halves = (centroids * centroids).sum(1) / 2
        nearest = torch.cat([(piece @ centroids.T - halves).argmax(1) for piece in rows.split(block)])
        counts = torch.bincount(nearest, minlength=k)
        sums = torch.zeros(k, width).index_add_(0, nearest, rows)
        used = counts > 0
        centroids[used] = sums[used] / counts[used, None]
    return centroids.numpy()


def exact(rows, centroids):
    centroids = centroids.astype(np.float64)
    squares = (centroids**2).sum(1)
    total = 0.0
    for start in range(0, len(rows), 5000):
        piece = rows[start : start + 5000].astype(np.float64)
        total += ((piece**2).sum(1) + (squares - 2 * piece @ centroids.T).min(1)).sum()
    return total


if what == "data":
    rows = np.random.default_rng(0).standard_normal((settings["rows"], width), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows.tofile(settings["data"])
elif what == "exact":
    print(json.dumps({"objective": exact(load(settings["data"]), load(settings["centroids"]))}))
else:
    rows = load(settings["data"])
    run = {"faiss": faiss_run, "pytorch": pytorch_run}[what]
    run(rows, 2)
    before, begin = os.times(), time.perf_counter()
    centroids = run(rows, settings["iterations"])
    seconds, after = time.perf_counter() - begin, os.times()
    np.ascontiguousarray(centroids, dtype=np.float32).tofile(settings["centroids"])
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu}))
