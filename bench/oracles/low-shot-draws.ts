/** Prints the draws of eval/low-shot on the features of the SVM's reference: for each, its rows and each class's. */
import { readFileSync } from 'node:fs';
import { lowShotDraws } from '@selfsup/eval/evaluations/low-shot/sampling';
import { presenceOfLabels } from '@selfsup/eval/presence';

const { train, classes } = JSON.parse(
  readFileSync(new URL('../../packages/eval/src/evaluations/svm/svm.reference.json', import.meta.url), 'utf8'),
) as { train: { labels: number[] }; classes: number };
const names = Array.from({ length: classes }, (_, i) => `class ${i}`);
const cases = (['others', 3] as const).map((negatives) => {
  const options = { shots: [1, 4, 12], draws: 3, negatives };
  return lowShotDraws(presenceOfLabels(train.labels, classes), names, options, 1).map(({ k, draw, rows, sees }) => ({
    ...{ negatives, k, draw },
    byClass: sees.map((isSeen) => [...rows].filter((_, i) => isSeen(i))),
  }));
});
console.log(JSON.stringify(cases.flat()));
