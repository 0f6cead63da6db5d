"""scikit-learn's LinearSVC on small generated features: packages/eval/src/evaluations/svm/svm.reference.json.

Run with scikit-learn installed:  python bench/oracles/svm_reference.py > packages/eval/src/evaluations/svm/svm.reference.json
"""
import json
import warnings
import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import LinearSVC

warnings.simplefilter('ignore')
CLASSES, WIDTH, COSTS = 4, 6, [0.01, 0.5, 20.0]
random = np.random.RandomState(0)
centres = random.normal(size=(CLASSES, WIDTH)) * 0.8


def draw(count):
    labels = random.randint(CLASSES, size=count)
    return (centres[labels] + random.normal(size=(count, WIDTH))).round(2), labels


def unit(features):
    return features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-5)


def machine(cost):
    return LinearSVC(C=cost, class_weight={1: 2, -1: 1}, dual=False, tol=1e-8, max_iter=100000)


train, train_labels = draw(240)
test, test_labels = draw(500)
x, z = unit(train), unit(test)
cases = []
for cost in COSTS:
    weights, precision = [], []
    for label in range(CLASSES):
        y = np.where(train_labels == label, 1, -1)
        model = machine(cost).fit(x, y)
        weights.append(model.coef_[0].tolist() + model.intercept_.tolist())
        precision.append(cross_val_score(machine(cost), x, y, cv=3, scoring='average_precision').mean())
    scores = z @ np.array(weights)[:, :-1].T + np.array(weights)[:, -1]
    cases.append({
        'cost': cost, 'weights': np.round(weights, 6).tolist(), 'precision': np.round(precision, 6).tolist(),
        'top1': float(100 * (scores.argmax(1) == test_labels).mean()),
        'averagePrecision': [float(average_precision_score(test_labels == label, scores[:, label])) for label in range(CLASSES)],
    })
folds = np.zeros(len(train), int)
for fold, (_, held_out) in enumerate(StratifiedKFold(3).split(x, train_labels == 1)):
    folds[held_out] = fold
print(json.dumps({
    'train': {'features': train.ravel().tolist(), 'labels': train_labels.tolist()},
    'test': {'features': test.ravel().tolist(), 'labels': test_labels.tolist()},
    'width': WIDTH, 'classes': CLASSES, 'cases': cases, 'foldsOfClass1': folds.tolist(),
}))
