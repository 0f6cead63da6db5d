"""scikit-learn's k nearest neighbours on small generated features: packages/eval/src/knn/knn.reference.json.

Run with scikit-learn installed:  python bench/oracles/knn_reference.py > packages/eval/src/knn/knn.reference.json
"""
import json
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

CLASSES, SIGMA = 7, 0.1
random = np.random.RandomState(0)
centres = random.normal(size=(CLASSES, 6))


def draw(count):
    labels = random.randint(CLASSES, size=count)
    return (centres[labels] + random.normal(size=(count, 6))).round(3), labels


train, train_labels = draw(90)
test, test_labels = draw(40)
cases = []
for metric, votes in [('cosine', 'weighted'), ('cosine', 'plain'), ('euclidean', 'plain')]:
    for k in [1, 4, 15, 90]:
        weights = 'uniform' if votes == 'plain' else lambda distance: np.exp((1 - distance) / SIGMA)
        model = KNeighborsClassifier(k, weights=weights, metric=metric, algorithm='brute').fit(train, train_labels)
        cases.append({'metric': metric, 'votes': votes, 'k': k, 'predicted': model.predict(test).tolist()})
print(json.dumps({
    'train': {'features': train.ravel().tolist(), 'labels': train_labels.tolist()},
    'test': {'features': test.ravel().tolist(), 'labels': test_labels.tolist()},
    'width': 6, 'classes': CLASSES, 'sigma': SIGMA, 'cases': cases,
}))
