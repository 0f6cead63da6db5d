import { readFileSync } from 'node:fs';
import { publishedFeatures } from './published-features.ts';

interface ReferencePart {
  readonly features: number[];
  readonly labels: number[];
}
interface Reference {
  readonly train: ReferencePart;
  readonly test: ReferencePart;
  readonly width: number;
  readonly classes: number;
  /** The classes that its nearest neighbours give the test rows, and those that have a vote of theirs in order. */
  readonly cases: {
    metric: 'cosine' | 'euclidean';
    votes: string;
    sigma?: number;
    k: number;
    predicted: number[];
    ranked: number[][];
  }[];
}

/** The features that scikit-learn was given; see the scripts in bench/oracles. Rows of `width` values. */
export const reference = JSON.parse(
  readFileSync(new URL('../evaluations/knn/knn.reference.json', import.meta.url), 'utf8'),
) as Reference;

const part = ({ features: values, labels }: ReferencePart) => ({
  features: Float32Array.from(values),
  labels: Int32Array.from(labels),
});
export const names = Array.from({ length: reference.classes }, (_, i) => `class ${i}`);
export const parts = { train: part(reference.train), test: part(reference.test) };

/** They as the published features of `conv2`, of the dataset with this digest. */
export const publishedReference = (digest?: string) =>
  publishedFeatures('conv2', [1, 1, reference.width], names, parts, digest);
