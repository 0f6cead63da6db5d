"""scikit-learn's average precision of rankings: the numbers stand in packages/eval/src/evaluations/retrieval/retrieval.test.ts.

The features are those of packages/eval/src/evaluations/knn/knn.reference.json. Run with scikit-learn installed, from the root:
python bench/oracles/retrieval_reference.py
"""
import json
import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

with open('packages/eval/src/evaluations/knn/knn.reference.json', encoding='utf8') as file:
    reference = json.load(file)
train, test = (np.array(reference[part]['features']).reshape(-1, reference['width']) for part in ('train', 'test'))
train_labels, test_labels = (np.array(reference[part]['labels']) for part in ('train', 'test'))
for name, scores in {'cosine': cosine_similarity(test, train), 'euclidean': -euclidean_distances(test, train)}.items():
    relevant = test_labels[:, None] == train_labels[None, :]
    precision = np.mean([average_precision_score(r, s) for r, s in zip(relevant, scores)])
    first = np.take_along_axis(relevant, np.argsort(-scores, axis=1), axis=1)[:, :10]
    print(name, precision.round(7), first.mean().round(7), (first.sum(1) / relevant.sum(1)).mean().round(7))
