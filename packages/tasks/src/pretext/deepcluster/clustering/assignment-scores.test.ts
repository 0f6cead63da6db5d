import { expect, test } from 'vitest';
import { assignmentScores } from './assignment-scores.ts';

// The labellings of scikit-learn's test of mutual information: NMI by the arithmetic mean is .37835.
const a = Int32Array.of(...Array<number>(6).fill(0), ...Array<number>(6).fill(1), ...Array<number>(5).fill(2));
const b = Int32Array.of(0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 2, 0, 2, 2, 2, 1, 1);

const clustering = { assignment: a, distances: new Float32Array(17), objective: 3.5 };

test('an assignment is compared with the one before and with the labels', () => {
  const scores = assignmentScores(clustering, 5, b, a);
  expect(scores['nmi-previous']).toBeCloseTo(0.37835, 5);
  expect(scores['nmi-labels']).toBeCloseTo(1, 12);
});

test('sizes, their entropy and the objective are told', () => {
  const scores = assignmentScores(clustering, 5, undefined, b);
  const entropy = -[6, 6, 5].reduce((sum, size) => sum + (size / 17) * Math.log(size / 17), 0);
  expect(scores['cluster-entropy']).toBeCloseTo(entropy, 12);
  expect(scores).toMatchObject({ 'empty-clusters': 2, 'largest-cluster': 6, 'kmeans-objective': 3.5 });
  expect(scores).not.toHaveProperty('nmi-previous');
});

test('images without a label leave out the comparison with labels', () => {
  const labels = Int32Array.from(b, (label, i) => (i === 4 ? -1 : label));
  expect(assignmentScores(clustering, 3, b, labels)).not.toHaveProperty('nmi-labels');
});
