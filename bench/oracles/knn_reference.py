"""scikit-learn's k nearest neighbours on small generated features: packages/eval/src/evaluations/knn/knn.reference.json.

Votes are divided by the greatest of an image before scikit-learn sums them, so that no temperature overflows. `ranked`
lists, for each image, the classes that have a vote by their votes: by NumPy, in logarithms.

Run with scikit-learn installed:  python bench/oracles/knn_reference.py > packages/eval/src/evaluations/knn/knn.reference.json
"""
import json
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

CLASSES = 7
random = np.random.RandomState(0)
centres = random.normal(size=(CLASSES, 6))


def draw(count):
    labels = random.randint(CLASSES, size=count)
    return (centres[labels] + random.normal(size=(count, 6))).round(3), labels


train, train_labels = draw(90)
test, test_labels = draw(40)
settings = [('cosine', 'weighted', 0.1), ('cosine', 'plain', None), ('euclidean', 'plain', None)]
settings += [('cosine', 'weighted', 0.001), ('cosine', 'weighted', 1e-6)]


def votes_over_greatest(sigma):
    return lambda distances: np.exp((distances.min(axis=1, keepdims=True) - distances) / sigma)


def ranked(model, sigma):
    """Classes with a vote, those of most votes first; of equal votes the lower class comes first."""
    distances, neighbours = model.kneighbors(test)
    for row, labels in zip(distances, train_labels[neighbours]):
        logs = {c: np.logaddexp.reduce(0 * row[labels == c] if sigma is None else -row[labels == c] / sigma)
                for c in set(labels.tolist())}
        yield sorted(logs, key=lambda c: (-logs[c].round(9), c))


cases = []
for metric, votes, sigma in settings:
    for k in [1, 4, 15, 90]:
        weights = 'uniform' if sigma is None else votes_over_greatest(sigma)
        model = KNeighborsClassifier(k, weights=weights, metric=metric, algorithm='brute').fit(train, train_labels)
        case = {'metric': metric, 'votes': votes, 'k': k, 'predicted': model.predict(test).tolist()}
        cases.append({**case, 'ranked': list(ranked(model, sigma)), **({} if sigma is None else {'sigma': sigma})})
print(json.dumps({
    'train': {'features': train.ravel().tolist(), 'labels': train_labels.tolist()},
    'test': {'features': test.ravel().tolist(), 'labels': test_labels.tolist()},
    'width': 6, 'classes': CLASSES, 'cases': cases,
}))
