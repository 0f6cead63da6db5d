import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { integer, randomKey, uniform } from '@selfsup/kit/random';
import { Interrupted } from '@selfsup/kit/stage';
import { readCheckpoint, writeCheckpoint } from '@selfsup/models/checkpoint';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { gradientsOf } from './gradients.ts';
import { eventTags } from './testing/event-records.ts';
import { recordingProgress } from './testing/recording-progress.ts';
import type { Feed, Trainee } from './trainee.ts';
import type { TrainingParts } from './training-parts.ts';
import { Training } from './training.ts';

const root = mkdtempSync(join(tmpdir(), 'trainer-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Pictures whose sizes differ, each with any number of boxes: what a detector would be trained on. */
interface Scenes {
  readonly pictures: readonly tf.Tensor2D[];
  readonly boxes: readonly (readonly number[])[][];
}

const EPOCHS = 3;
const PER_EPOCH = 4;

/** `onBatch` is told of each batch before it is handed out. */
function scenes(onBatch: () => void = () => undefined): Feed<Scenes> {
  return {
    batchesPerEpoch: PER_EPOCH,
    async *epoch(epoch, startBatch) {
      for (let batch = startBatch; batch < PER_EPOCH; batch++) {
        const key = randomKey(7, epoch, batch);
        const pictures = [0, 1].map((i) => tf.fill([3 + integer(key, 4, i), 5], uniform(key, 9 + i)) as tf.Tensor2D);
        const boxes = pictures.map((_, i) =>
          Array.from({ length: 1 + integer(key, 3, 20 + i) }, (_, b) =>
            [0, 1, 2].map((c) => uniform(key, 40 + 3 * b + c)),
          ),
        );
        onBatch();
        yield { pictures, boxes };
      }
    },
  };
}

/** A student that fits the brightness of a picture from each of its boxes, and a teacher that follows it as a moving average. */
function studentAndTeacher() {
  const begin = (): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d([0.5, -1, 2])));
  const student = { name: 'student/w', variable: begin() };
  const teacher = { name: 'teacher/w', variable: begin() };
  const students: number[][] = [[0.5, -1, 2]];
  const trainee: Trainee<Scenes> = {
    weights: [student, teacher],
    parameterGroups: [{ name: 'student', variables: [student] }],
    measures: { distance: 'min' },
    step({ pictures, boxes }) {
      const { loss, gradients } = gradientsOf([student], () => {
        const errors = boxes.map((rows, i) => {
          const given = tf.tensor2d(rows.map((row) => [...row])).dot(student.variable);
          return given.sub(pictures[i]!.mean()).square().sum();
        });
        return { loss: tf.addN(errors).div<tf.Scalar>(boxes.flat().length) };
      });
      tf.dispose([...pictures]);
      const metrics = { twice: tf.tidy(() => loss.mul<tf.Scalar>(2)), again: loss.clone() };
      return { losses: { loss }, gradients, metrics, samples: boxes.flat().length };
    },
    afterStep() {
      // Read within the step, which tasks had better not do.
      students.push([...student.variable.dataSync()]);
      teacher.variable.assign(teacher.variable.mul(0.9).add(student.variable.mul(0.1)));
    },
    async evaluate() {
      return { distance: tf.tidy(() => student.variable.sub(teacher.variable).norm().dataSync()[0]!) };
    },
  };
  const bits = () => [student, teacher].map(({ variable }) => [...variable.dataSync()]);
  return { trainee, students, bits };
}

interface Trial {
  readonly folder: string;
  /** Step of this run after which to ask it to stop. */
  readonly stopAt?: number;
  readonly feed?: Feed<Scenes>;
  readonly signal?: AbortSignal;
}

async function train({ folder, stopAt, feed = scenes(), signal }: Trial) {
  const { trainee, students, bits } = studentAndTeacher();
  const stop = new AbortController();
  const progress = recordingProgress();
  let steps = 0;
  const phase = { advance: () => void (++steps === stopAt && stop.abort()), done: () => undefined };
  const parts: TrainingParts<Scenes> = {
    config: {
      ...{ epochs: EPOCHS, batchSize: 2, optimizer: optimizerSchema.parse({ name: 'sgd' }) },
      schedule: { name: 'cosine', learningRate: 0.05, final: 0 },
      ...{ checkpoint: { everySeconds: 1000, keep: 2 }, evaluate: { everyEpochs: 1 }, log: { everySteps: 1 } },
    },
    ...{ key: randomKey(1), trainee, feed, workFolder: join(root, folder), identity: 'this one', quiet: true },
    ...{ progress: { ...progress, phase: () => phase }, signal: signal ?? stop.signal },
  };
  const training = new Training(parts);
  try {
    await training.run();
    const { state } = training;
    const curves = training.curves();
    return { bits: bits(), state, curves, students, lines: progress.lines };
  } finally {
    training.dispose();
  }
}

describe('a trainee with batches of its own and a teacher that follows', () => {
  let whole: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    whole = await train({ folder: 'whole' });
  });

  test('the teacher is the moving average of the students after each update', () => {
    expect(whole.students).toHaveLength(EPOCHS * PER_EPOCH + 1);
    const [first, ...later] = whole.students as [number[], ...number[][]];
    const expected = later.reduce((mean, student) => mean.map((m, i) => 0.9 * m + 0.1 * student[i]!), first);
    whole.bits[1]!.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expect(whole.bits[0]).toEqual(whole.students.at(-1));
    expect(whole.curves.train.at(-1)!['loss']).toBeLessThan(whole.curves.train[0]!['loss']!);
  });

  test.each(Array.from({ length: EPOCHS * PER_EPOCH }, (_, i) => i + 1))(
    'stopped after step %i, it ends with the same bits',
    async (stopAt) => {
      const folder = `stop-${stopAt}`;
      const stopped = train({ folder, stopAt });
      await expect(stopped).rejects.toThrow(Interrupted);
      await expect(stopped).rejects.toThrow(`Training saved at step ${stopAt} of 12: asked to stop`);
      const { bits, state, curves, lines } = await train({ folder });
      const reads = expect.stringMatching(
        /^Training: packages\/trainer\/src\/training.test.ts:\d+ reads a value within/,
      );
      expect(lines).toEqual([`Going on from step ${stopAt} of 12`, ...(stopAt < 12 ? [reads] : [])]);
      expect(bits).toEqual(whole.bits);
      expect(state).toEqual(whole.state);
      // As text: what was measured stands in its order too.
      expect(JSON.stringify(curves)).toBe(JSON.stringify(whole.curves));
      expect(eventTags(join(root, folder, 'events'))).toMatchObject({ 'train/loss': 12, 'epoch/loss': 3 });
    },
  );

  test('live checkpoints of another form are passed over, and in the place of none that is saved', async () => {
    await expect(train({ folder: 'former', stopAt: 2 })).rejects.toThrow(Interrupted);
    await expect(train({ folder: 'former', stopAt: 1 })).rejects.toThrow(Interrupted);
    const live = join(root, 'former/live');
    const former = readdirSync(live).sort();
    expect(former).toEqual(['step-000000002.safetensors', 'step-000000003.safetensors']);
    for (const name of former) {
      const { tensors, metadata } = await readCheckpoint(join(live, name));
      await writeCheckpoint(join(live, name), { tensors, metadata: { ...metadata, identity: 'this one' } });
    }
    await expect(train({ folder: 'former', stopAt: 1 })).rejects.toThrow('saved at step 1 of 12');
    expect(readdirSync(live).sort()).toEqual(['step-000000001.safetensors', ...former]);
    const { bits, lines } = await train({ folder: 'former' });
    const passedOver = /^warning: .*belongs to another training, or to another version of this one; it is not used$/;
    const reads = expect.stringMatching(/reads a value within/);
    expect(lines).toEqual([
      ...former.map(() => expect.stringMatching(passedOver)),
      'Going on from step 1 of 12',
      reads,
    ]);
    expect(bits).toEqual(whole.bits);
  });

  test('all live checkpoints torn, it begins again', async () => {
    await expect(train({ folder: 'torn', stopAt: 3 })).rejects.toThrow(Interrupted);
    await expect(train({ folder: 'torn', stopAt: 3 })).rejects.toThrow(Interrupted);
    const live = join(root, 'torn', 'live');
    expect(readdirSync(live)).toHaveLength(2);
    for (const name of readdirSync(live)) truncateSync(join(live, name), 300);
    const { bits, lines } = await train({ folder: 'torn' });
    expect(lines).toHaveLength(3);
    for (const line of lines.slice(0, 2)) expect(line).toMatch(/^warning: .*damaged.*going back to the one before/);
    expect(bits).toEqual(whole.bits);
  });

  test('asked to stop while it waits for a batch, it takes the step: no batch is left on the device', async () => {
    const stop = new AbortController();
    let given = 0;
    const feed = scenes(() => void (++given === 6 && stop.abort()));
    const before = tf.memory().numTensors;
    await expect(train({ folder: 'waiting', feed, signal: stop.signal })).rejects.toThrow('saved at step 6 of 12');
    expect(tf.memory().numTensors - before).toBe(2); // student and teacher
    expect((await train({ folder: 'waiting' })).bits).toEqual(whole.bits);
  });

  test('asked to stop before it begins, it takes no step', async () => {
    await expect(train({ folder: 'never', signal: AbortSignal.abort() })).rejects.toThrow('saved at step 0 of 12');
  });
});
