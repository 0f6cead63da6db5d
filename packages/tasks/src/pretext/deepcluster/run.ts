import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { compiledStep } from '@selfsup/engine/compiled-step';
import { tf } from '@selfsup/engine/tensorflow';
import { integer } from '@selfsup/kit/random';
import type { TensorData } from '@selfsup/models/checkpoint';
import { embeddingModel, featureShapeOf } from '@selfsup/models/heads';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights, variableData, type NamedVariable } from '@selfsup/models/weights';
import { imagesOf } from '../../steps/images.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import { checkClusterCounts } from './cluster-counts.ts';
import { clusterHead, refresh } from './cluster-head.ts';
import { drawAsReleased, drawUniformly } from './cluster-sampler.ts';
import { assignmentCsv } from './clustering/assignment-csv.ts';
import { assignmentScores } from './clustering/assignment-scores.ts';
import { galleryPictures } from './clustering/cluster-galleries.ts';
import { clusterFeatures, type Clustering } from './clustering/clustering.ts';
import { pseudoLabels } from './clustering/pseudo-labels.ts';
import type { DeepClusterConfig } from './config.ts';
import { beforeFinalRelu } from './features-before-relu.ts';
import { clusterStep } from './training-step.ts';

/** The assignment that is trained on. */
interface Current {
  /** Epoch before which it was made. */
  readonly epoch: number;
  readonly assignment: Int32Array;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Builds encoder, embedding and head; see `deepcluster`. A clustering that is interrupted goes on from what it wrote
 * into the work folder every `persistEverySeconds`.
 */
export async function createDeepCluster(
  context: TaskContext<DeepClusterConfig>,
  { persistEverySeconds = 10 } = {},
): Promise<TaskInstance> {
  const { config, dataset, trainingSplit, trainingIndices, normalisation } = context;
  const encoder = context.buildEncoder();
  const embedding = embeddingModel(featureShapeOf(encoder), context.key('embedding'), context.embed);
  const width = embedding.outputs[0]!.shape[1]!;
  const counts = checkClusterCounts(context, width);
  const head = clusterHead(width, config.clusters);
  const body = [...modelWeights('encoder', encoder, true), ...modelWeights('embedding', embedding, true)];
  const headWeights = modelWeights('head', head, true);
  const variables = [...body, ...headWeights];
  const features = beforeFinalRelu(embedding);
  const labels = dataset.labels(trainingSplit);
  const classOf = new Int32Array(labels.length);
  let members: readonly Uint32Array[] = [];
  let current: Current | undefined;
  let last: Clustering | undefined;

  function adopt(next: Current): void {
    const found = pseudoLabels(next.assignment, config.clusters);
    found.labels.forEach((label, place) => (classOf[trainingIndices[place]!] = label));
    members = found.members;
    current = next;
  }

  /** Clusters the features of all training images as the network is now; `epoch` tells the draws apart. */
  function cluster(epoch: number): Promise<Clustering> {
    features.follow();
    const weights = [...modelWeights('encoder', encoder), ...modelWeights('embedding', embedding)];
    return clusterFeatures({
      ...counts,
      width,
      iterations: config.iterations,
      restarts: config.restarts,
      seed: integer(context.key('k-means', epoch), 2 ** 31),
      folder: join(context.workFolder, 'clustering'),
      identity: identityOf(context.identity, epoch, weights),
      persistEverySeconds,
      progress: context.progress,
      signal: context.signal,
      batches: context.trainingBatches,
      featuresOf: (batch) =>
        compiledStep(() =>
          tf.tidy(() => {
            const maps = encoder.apply(normalise(imagesOf(batch), normalisation), { training: false });
            return features.model.apply(maps as tf.Tensor4D, { training: false }) as tf.Tensor2D;
          }),
        ),
      nameOf: (place) => dataset.sourcePath(trainingSplit, trainingIndices[place]!),
    });
  }

  const scores = (clustering: Clustering) => {
    const of = Int32Array.from(clustering.assignment, (_, place) => labels[trainingIndices[place]!]!);
    return assignmentScores(clustering, config.clusters, current?.assignment, of);
  };

  return {
    models: { encoder, embedding, head },
    parameterGroups: [
      { name: 'body', variables: body },
      {
        name: 'head',
        variables: headWeights,
        optimizer: { name: 'sgd', momentum: config.headMomentum, nesterov: false },
      },
    ],
    measures: {},

    async beforeEpoch(epoch) {
      const isReassigned = epoch % config.reassignEvery === 0;
      if (isReassigned) {
        // Going on from before the first step of this epoch, the assignment may be there already.
        if (current?.epoch !== epoch) {
          const clustering = await cluster(epoch);
          adopt({ epoch, assignment: clustering.assignment, metrics: scores(clustering) });
        }
        refresh(head, context.key('head', epoch));
      }
      const draw = config.sampling === 'uniform' ? drawUniformly : drawAsReleased;
      return {
        indices: draw(members, context.key('sampling', epoch)).map((place) => trainingIndices[place]!),
        resetGroups: isReassigned ? ['head'] : [],
        metrics: isReassigned ? current!.metrics : {},
      };
    },

    step: (batch) =>
      clusterStep(
        { encoder, embedding, head },
        variables,
        normalisation,
        batch,
        Int32Array.from(batch.indices, (index) => classOf[index]!),
      ),

    async finish() {
      last = await cluster(context.epochs);
      return {
        metrics: scores(last),
        protocol: 'final',
        files: {
          'clusters.csv': assignmentCsv(last, (place) => dataset.sourcePath(trainingSplit, trainingIndices[place]!)),
        },
      };
    },

    async preview() {
      if (last === undefined) return [];
      return galleryPictures({
        dataset,
        split: trainingSplit,
        indices: trainingIndices,
        clusters: pseudoLabels(last.assignment, config.clusters),
        distances: last.distances,
        key: context.key('gallery'),
      });
    },

    state: {
      save: () => ({
        tensors: new Map<string, TensorData>(
          current && [['assignment', { shape: [current.assignment.length], data: current.assignment }]],
        ),
        json: current ? { epoch: current.epoch, metrics: { ...current.metrics } } : null,
      }),
      load: (tensors, json) => {
        const assignment = tensors.get('assignment')?.data as Int32Array | undefined;
        if (assignment !== undefined) adopt({ ...(json as unknown as Current), assignment });
      },
    },
  };
}

/** Digest of what the features are a function of. */
function identityOf(training: string, epoch: number, weights: readonly NamedVariable[]): string {
  const hash = createHash('sha256').update(`${training} ${epoch}`);
  for (const { data } of variableData(weights).values()) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
