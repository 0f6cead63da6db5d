import { describe, expect, test } from 'vitest';
import { learningRateAt, milestones, scheduleSchema, type Schedule } from './schedules.ts';

const steps = (...table: [number, number][]): Schedule =>
  scheduleSchema.parse({ name: 'steps', table: table.map(([until, learningRate]) => ({ until, learningRate })) });
const at = (schedule: Schedule, epoch: number, step = 0, totalSteps = 1): number =>
  learningRateAt(schedule, { epoch, step, totalSteps });

describe('schedules', () => {
  test("step table: RotNet's on CIFAR", () => {
    const schedule = steps([60, 0.1], [120, 0.02], [160, 0.004], [200, 0.0008]);
    const rates = [0, 59, 60, 119, 120, 159, 160, 199].map((epoch) => at(schedule, epoch));
    expect(rates).toEqual([0.1, 0.1, 0.02, 0.02, 0.004, 0.004, 0.0008, 0.0008]);
    expect(milestones(schedule, 200)).toEqual([0, 60, 120, 160, 199]);
  });

  test('step table: the last entry stays after its bound', () => {
    expect(at(steps([20, 0.1], [40, 0.02], [45, 0.004], [50, 0.0008]), 99)).toBe(0.0008);
  });

  test("step table with a linear end: AET's", () => {
    const schedule = scheduleSchema.parse({
      name: 'steps',
      table: [
        { until: 800, learningRate: 8e-4 },
        { until: 1000, learningRate: 1.6e-4 },
        { until: 1500, learningRate: 1.6e-4, linearTo: 1e-5 },
      ],
    });
    for (const epoch of [1000, 1001, 1250, 1499]) {
      expect(at(schedule, epoch)).toBeCloseTo(1.6e-4 - 3e-7 * (epoch - 999), 12);
    }
    expect(at(schedule, 999)).toBe(1.6e-4);
    expect(at(schedule, 1499)).toBeCloseTo(1e-5, 12);
    expect(at(schedule, 2000)).toBeCloseTo(1e-5, 12);
  });

  test('cosine runs over all steps', () => {
    const schedule = scheduleSchema.parse({ name: 'cosine', learningRate: 0.1 });
    const rates = [0, 156, 312, 623].map((step) => at(schedule, 0, step, 624));
    expect(rates[0]).toBe(0.1);
    expect(rates[1]).toBeCloseTo(0.1 * 0.5 * (1 + Math.SQRT1_2), 12);
    expect(rates[2]).toBeCloseTo(0.05, 12);
    expect(rates[3]).toBeLessThan(1e-6);
  });

  test("exponential: BiGAN's", () => {
    const schedule = scheduleSchema.parse({ name: 'exponential', learningRate: 2e-4, hold: 200, over: 200 });
    expect(at(schedule, 0)).toBe(2e-4);
    expect(at(schedule, 199)).toBe(2e-4);
    expect(at(schedule, 200)).toBeCloseTo(1.954e-4, 7);
    expect(at(schedule, 299)).toBeCloseTo(2e-5, 12);
    expect(at(schedule, 399)).toBeCloseTo(2e-6, 12);
  });

  test("inverse square root: DeepCluster's probes", () => {
    const schedule = scheduleSchema.parse({ name: 'inverse-square-root', learningRate: 0.01, decay: 1e-4 });
    expect(at(schedule, 0)).toBe(0.01);
    expect(at(schedule, 60, 300_000)).toBeCloseTo(0.01 / Math.sqrt(1.3), 12);
    expect(at(schedule, 600, 3_000_000)).toBeCloseTo(0.005, 12);
  });

  test('constant', () => {
    expect(at({ name: 'constant', learningRate: 0.05 }, 7, 100, 200)).toBe(0.05);
  });

  test.each([
    [{ name: 'steps', table: [] }],
    [
      {
        name: 'steps',
        table: [
          { until: 5, learningRate: 0.1 },
          { until: 5, learningRate: 0.01 },
        ],
      },
    ],
    [{ name: 'cosine', learningRate: 0 }],
    [{ name: 'cosine', learningRate: 0.1, epochs: 3 }],
    [{ name: 'polynomial', learningRate: 0.1 }],
  ])('refuses %j', (schedule) => {
    expect(scheduleSchema.safeParse(schedule).success).toBe(false);
  });
});
