"""scikit-learn's LinearSVC on the draws of eval/low-shot: packages/eval/src/evaluations/low-shot/low-shot.reference.json.

The features are those of svm_reference.py, the draws come from low-shot-draws.ts. Run from the root of the workspace with
scikit-learn installed:  python bench/oracles/low_shot_reference.py  (then prettier --write the file).
"""
import json
import subprocess
import warnings
from pathlib import Path

import numpy as np
from sklearn.svm import LinearSVC

warnings.simplefilter('ignore')
SOURCES = Path(__file__).resolve().parents[2] / 'packages/eval/src'
COSTS = [0.5, 20.0]
reference = json.loads((SOURCES / 'svm/svm.reference.json').read_text())
draws = json.loads(subprocess.check_output(['node', '--import', 'tsx', 'bench/oracles/low-shot-draws.ts']))


def part(name):
    features = np.array(reference[name]['features']).reshape(-1, reference['width'])
    return features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-5), np.array(reference[name]['labels'])


def envelope(truths, scores):
    """Area under precision made monotone."""
    right = truths[np.argsort(-scores)]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return np.maximum.accumulate(precision[::-1])[::-1][right].mean()


(x, y), (z, truth) = part('train'), part('test')
measured = []
for draw in draws:
    for cost in COSTS:
        scores = []
        for label, rows in enumerate(draw['byClass']):
            machine = LinearSVC(C=cost, class_weight={1: 2, -1: 1}, dual=False, tol=1e-8, max_iter=100000)
            scores.append(machine.fit(x[rows], np.where(y[rows] == label, 1, -1)).decision_function(z))
        scores = np.array(scores)
        measured.append({
            'negatives': draw['negatives'], 'k': draw['k'], 'draw': draw['draw'], 'cost': cost,
            'top1': float(100 * (scores.argmax(0) == truth).mean()),
            'map': float(np.mean([envelope(truth == label, row) for label, row in enumerate(scores)])),
        })
path = SOURCES / 'low-shot/low-shot.reference.json'
path.write_text(json.dumps({'costs': COSTS, 'draws': draws, 'measured': measured}) + '\n')
print(path.name, len(measured), 'cases')
