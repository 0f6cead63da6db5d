"""PyTorch and scikit-learn beside our nearest neighbours and linear probe. oracle.py <JSON settings>, whose `what` is:
features: writes generated features as eval/features publishes them;
pytorch-knn, sklearn-knn: one timed evaluation from the files to the accuracies, the neighbours written where asked for;
pytorch-probe: one timed training of a linear probe with a test after each epoch, from given weights in a given order."""
import json
import math
import os
import sys
import time

import numpy as np

settings = json.loads(sys.argv[1])
folder, what, threads = settings["folder"], settings["what"], settings.get("threads", 2)


def path(name):
    return os.path.join(folder, f"{name}.npy")


def load(part):
    features = np.load(path(f"{part}-{settings['layer']}"))
    return features.reshape(len(features), -1), np.load(path(f"{part}-labels"))


def write_features():
    """Classes are directions under unit noise, so that some images are closer to another class."""
    random = np.random.default_rng(0)
    height, width, channels = settings["shape"]
    values, classes = height * width * channels, settings["classes"]
    centres = settings["spread"] * random.standard_normal((classes, values), dtype=np.float32)
    for part in ["train", "test"]:
        labels = random.integers(classes, size=settings[part]).astype(np.int32)
        shape = (len(labels), height, width, channels)
        features = np.lib.format.open_memmap(path(f"{part}-{settings['layer']}"), "w+", np.float32, shape)
        for start in range(0, len(labels), 5000):
            drawn = labels[start : start + 5000]
            rows = random.standard_normal((len(drawn), values), dtype=np.float32) + centres[drawn]
            features[start : start + 5000] = rows.reshape(-1, height, width, channels)
        features.flush()
        np.save(path(f"{part}-labels"), labels)
        np.save(path(f"{part}-indices"), np.arange(len(labels), dtype=np.uint32))
    description = {
        "schema": 1,
        "encoder": {"task": "generated", "network": "generated", "sha256": ""},
        "dataset": {"name": "generated", "digest": ""},
        "classes": [f"class {i}" for i in range(classes)],
        "layers": {settings["layer"]: settings["shape"]},
        "parts": {part: {"split": part, "images": settings[part]} for part in ["train", "test"]},
    }
    with open(os.path.join(folder, "features.json"), "w") as file:
        json.dump(description, file)


def accuracies(similarities, neighbours, labels, wanted):
    import torch

    similarities, neighbours = torch.as_tensor(similarities), torch.as_tensor(neighbours)
    labels, wanted = torch.from_numpy(labels).long(), torch.from_numpy(wanted).long()
    found = {}
    for k in settings["k"]:
        votes = torch.zeros(len(wanted), settings["classes"], dtype=torch.float64)
        votes.scatter_add_(1, labels[neighbours[:, :k]], (similarities[:, :k].double() / settings["sigma"]).exp())
        found[str(k)] = 100 * (votes.argmax(1) == wanted).double().mean().item()
    return found


def pytorch_neighbours(bank, asked, k):
    import torch

    bank, asked = torch.from_numpy(bank), torch.from_numpy(asked)
    bank, asked = [torch.nn.functional.normalize(rows) for rows in (bank, asked)]
    found = [(piece @ bank.T).topk(k, dim=1) for piece in asked.split(settings["piece"])]
    return torch.cat([values for values, _ in found]), torch.cat([indices for _, indices in found])


def sklearn_neighbours(bank, asked, k):
    """By the distances of unit vectors, for which scikit-learn has a faster search than for its `cosine`."""
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import normalize

    model = NearestNeighbors(n_neighbors=k, algorithm="brute", metric=settings.get("metric", "sqeuclidean"))
    distances, indices = model.fit(normalize(bank, copy=False)).kneighbors(normalize(asked, copy=False))
    return 1 - distances / (1 if model.metric == "cosine" else 2), indices


def knn(search):
    (bank, labels), (asked, wanted) = load("train"), load("test")
    similarities, neighbours = search(bank, asked, max(settings["k"]))
    if "neighbours" in settings:
        np.asarray(neighbours, dtype=np.int32).tofile(settings["neighbours"])
    return {"accuracies": accuracies(similarities, neighbours, labels, wanted)}


def pytorch_probe():
    """Batch norm without gain and offset on each channel, then one linear layer, as eval/linear-probe has them."""
    import torch
    from torch import nn

    channels, batch, epochs = settings["shape"][2], settings["batchSize"], settings["epochs"]
    train, test = [[torch.from_numpy(array) for array in load(part)] for part in ("train", "test")]
    labels, wanted = train[1].long(), test[1].long()
    norm, linear = nn.BatchNorm1d(channels, affine=False), nn.Linear(train[0].shape[1], settings["classes"])
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(np.load(path("start-kernel"))).T)
        linear.bias.copy_(torch.from_numpy(np.load(path("start-bias"))))
    optimizer = torch.optim.SGD(linear.parameters(), momentum=0.9, nesterov=True, weight_decay=5e-4, lr=0.1)

    def logits(x):
        return linear(norm(x.view(-1, channels)).view(len(x), -1))

    order = torch.from_numpy(np.load(path("order")))
    steps = len(labels) // batch
    result = {"losses": [], "accuracies": []}
    for epoch in range(epochs):
        norm.train()
        total = 0.0
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = 0.05 * (1 + math.cos(math.pi * (epoch * steps + step) / (epochs * steps)))
            rows = order[epoch, step * batch : (step + 1) * batch]
            loss = nn.functional.cross_entropy(logits(train[0][rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        norm.eval()
        with torch.no_grad():
            right = sum((logits(x).argmax(1) == y).sum().item() for x, y in zip(test[0].split(500), wanted.split(500)))
        result["losses"].append(total / steps)
        result["accuracies"].append(100 * right / len(wanted))
    return result


if what == "features":
    write_features()
else:
    import torch

    torch.set_num_threads(threads)
    if what == "sklearn-knn":
        import sklearn.neighbors
        import threadpoolctl

        threadpoolctl.threadpool_limits(threads)
    runs = {
        "pytorch-knn": lambda: knn(pytorch_neighbours),
        "sklearn-knn": lambda: knn(sklearn_neighbours),
        "pytorch-probe": pytorch_probe,
    }
    before, begin = os.times(), time.perf_counter()
    result = runs[what]()
    seconds, after = time.perf_counter() - begin, os.times()
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({**result, "seconds": seconds, "cpuSeconds": cpu}))
