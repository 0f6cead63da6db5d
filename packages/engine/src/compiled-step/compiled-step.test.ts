import { describe, expect, test, vi } from 'vitest';
import { kernel, tensorFlowBackend, type } from '../kernel.ts';
import { tf } from '../ops/library.ts';
import { ResourceVariable } from '../tensors/resource-variable.ts';
import { countCalls } from '../testing/count-calls.ts';
import { withLazyBinding } from '../testing/lazy-binding.ts';

const vector = (...values: number[]) => tf.tensor1d(values);
const values = (tensor: tf.Tensor) => [...tensor.dataSync()];

describe('a compiled step', () => {
  test('runs op by op twice, then as one function', () => {
    const counted = countCalls(() =>
      withLazyBinding((lazy) => {
        for (let i = 0; i < 5; i++) {
          const sum = lazy.step(() => tf.tidy(() => vector(i, 1).add(vector(2, 3)).square().sum()));
          expect(values(sum)).toEqual([(i + 2) ** 2 + 16]);
        }
        expect(lazy.size).toEqual({ functions: 1, ops: 3 });
      }),
    );
    expect(counted.functions).toBe(3);
    expect(counted.ops.filter((name) => name === 'Square')).toHaveLength(2);
  });

  test('is split where a value is read, and tells of it', () => {
    withLazyBinding((lazy) => {
      let reads = 0;
      for (let i = 0; i < 6; i++) {
        const onRead = () => (reads += 1);
        const [sign, result] = lazy.step(
          () =>
            tf.tidy(() => {
              const x = vector(i - 3, 1).mul(2);
              const first = x.sum().dataSync()[0]!;
              return [first, values(first > 0 ? x.add(1) : x.sub(1))] as const;
            }),
          { onRead },
        );
        expect([sign, result]).toEqual(i > 2 ? [2 * (i - 2), [2 * i - 5, 3]] : [2 * (i - 2), [2 * i - 7, 1]]);
      }
      expect(reads).toBe(12);
      // Up to the first read, and from there on either way.
      expect(lazy.size.functions).toBe(3);
    });
  });

  test('has all computed when it is over', () => {
    withLazyBinding((lazy) => {
      for (let i = 0; i < 4; i++) {
        const kept: tf.Tensor[] = [];
        lazy.step(() => tf.tidy(() => void kept.push(tf.keep(vector(i).add(1)), tf.keep(vector(5)))));
        expect(kept.map((tensor) => values(tensor))).toEqual([[i + 1], [5]]);
        expect(values(kept[0]!.add(kept[1]!))).toEqual([i + 6]);
        tf.dispose(kept);
      }
    });
  });

  test('may dispose of tensors from outside, and write over its arrays', () => {
    withLazyBinding((lazy) => {
      for (let i = 0; i < 4; i++) {
        const outside = vector(i).add(0);
        const array = Float32Array.of(...Array(100).keys());
        const before = tf.memory().numTensors;
        const result = lazy.step(() =>
          tf.tidy(() => {
            const sum = outside.add(tf.tensor1d(array).sum());
            outside.dispose();
            array.fill(0);
            return sum;
          }),
        );
        expect(values(result)).toEqual([i + 4950]);
        result.dispose();
        expect(tf.memory().numTensors).toBe(before - 1);
      }
    });
  });

  test('leaves no handle behind', () => {
    const handles = () => tensorFlowBackend().getNumOfTFTensors();
    withLazyBinding((lazy) => {
      const step = (i: number) =>
        lazy.step(() => tf.tidy(() => void vector(i, 2).mul(3).add(vector(i, i)).sum().dataSync()));
      for (let i = 0; i < 3; i++) step(i);
      const before = handles();
      for (let i = 0; i < 5; i++) step(i);
      expect(handles()).toBe(before);
    });
  });

  test('numbers that vary become arguments; those that shapes depend on stay', () => {
    withLazyBinding((lazy, told) => {
      const slices = (i: number) =>
        lazy.step(() =>
          tf.tidy(() =>
            values(
              tf
                .range(0, 6)
                .reshape([2, 3])
                .transpose(i % 2 ? [1, 0] : [0, 1]),
            ),
          ),
        );
      const starts = (i: number) => lazy.step(() => tf.tidy(() => values(tf.range(0, 6).slice([i % 4], [2]))));
      for (let i = 0; i < 12; i++) {
        expect(slices(i)).toEqual(i % 2 ? [0, 3, 1, 4, 2, 5] : [0, 1, 2, 3, 4, 5]);
        expect(starts(i)).toEqual([i % 4, (i % 4) + 1]);
      }
      expect(told.filter((line) => line.includes('varying'))).toHaveLength(1);
      expect(lazy.size.functions).toBe(3);
    });
  });

  test('zeros of either sign are told apart', () => {
    withLazyBinding((lazy) => {
      const inverse = (zero: number) => lazy.step(() => tf.tidy(() => values(vector(1).div(vector(zero)))));
      for (const zero of [0, 0, 0, -0, 0, -0, -0]) {
        expect(inverse(zero)).toEqual([1 / zero]);
      }
    });
  });

  test('an order of axes that varies on a square stays a constant', () => {
    withLazyBinding((lazy, told) => {
      const turned = (i: number) =>
        lazy.step(() =>
          tf.tidy(() =>
            values(
              vector(1, 2, 3, 4)
                .reshape([2, 2])
                .transpose(i % 2 ? [1, 0] : [0, 1])
                .add(0),
            ),
          ),
        );
      for (let i = 0; i < 16; i++) expect(turned(i)).toEqual(i % 2 ? [1, 3, 2, 4] : [1, 2, 3, 4]);
      expect(told.some((line) => line.includes('depends on values'))).toBe(true);
      expect(lazy.size.functions).toBe(2);
    });
  });

  test('an op whose result has a shape of its values runs by itself', () => {
    // tfjs warns of every int64 result.
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const counted = countCalls(() =>
      withLazyBinding((lazy) => {
        for (let i = 0; i < 12; i++) {
          const found = lazy.step(() =>
            tf.tidy(() => {
              const [where] = kernel('Where', { T: type('bool') }, [tf.range(0, 9).mul(2).less(i)]);
              return where!.cast('float32').mul(2).sum().dataSync()[0];
            }),
          );
          const below = [0, 1, 2, 3, 4, 5].filter((n) => 2 * n < i);
          expect(found).toBe(below.reduce((sum, n) => sum + 2 * n, 0));
        }
      }),
    );
    expect(counted.ops.filter((name) => name === 'Where')).toHaveLength(12);
    expect(counted.functions).toBeGreaterThan(4);
  });

  test('variables of TensorFlow change in the order of their ops', () => {
    withLazyBinding((lazy) => {
      const variable = new ResourceVariable([2]);
      for (let i = 0; i < 5; i++) {
        const seen = lazy.step(() =>
          tf.tidy(() => {
            variable.assign(vector(i, 1));
            const before = variable.read();
            variable.assign(before.mul(10));
            return [values(before), values(variable.read())];
          }),
        );
        expect(seen).toEqual([
          [i, 1],
          [10 * i, 10],
        ]);
        // An assignment that nothing reads happens too.
        lazy.step(() => tf.tidy(() => variable.assign(vector(7, i))));
        expect(lazy.step(() => tf.tidy(() => values(variable.read())))).toEqual([7, i]);
      }
      variable.dispose();
    });
  });

  test('several variables change as if one after another, whichever is ready first', () => {
    withLazyBinding((lazy) => {
      const [a, b] = [new ResourceVariable([2]), new ResourceVariable([2])];
      for (let i = 0; i < 6; i++) {
        lazy.step(() =>
          tf.tidy(() => {
            a.assign(vector(i, 1));
            b.assign(a.read().mul(2));
            a.assign(b.read().add(a.read()));
            b.share(b.read().add(1));
          }),
        );
        expect(lazy.step(() => tf.tidy(() => [values(a.read()), values(b.read())]))).toEqual([
          [3 * i, 3],
          [2 * i + 1, 3],
        ]);
      }
      a.dispose();
      b.dispose();
    });
  });

  test('variables of other shapes in the same place are another trace', () => {
    withLazyBinding((lazy) => {
      for (const length of [3, 2, 3]) {
        const variable = new ResourceVariable([length]);
        const expected = Array.from({ length }, (_, i) => i);
        variable.assign(vector(...expected));
        for (let i = 0; i < 4; i++) {
          const read = lazy.step(() => tf.tidy(() => variable.read().add(1)));
          expect(read.shape).toEqual([length]);
          expect(values(read)).toEqual(expected.map((value) => value + 1));
          read.dispose();
        }
        variable.dispose();
      }
    });
  });

  test('an op that fails says so, and the step goes on as it likes', () => {
    withLazyBinding((lazy) => {
      const step = (good: boolean) =>
        lazy.step(() =>
          tf.tidy(() => {
            const x = vector(1, 2);
            const fresh = vector(3, 4);
            if (!good) expect(() => kernel('NoSuchOp', {}, [x.add(1), fresh])).toThrow(/NoSuchOp/);
            return values(x.add(1).add(fresh));
          }),
        );
      for (const good of [true, true, true, false, true, false, false, true]) expect(step(good)).toEqual([5, 7]);
    });
  });

  test('a step that throws leaves what was made before it whole', () => {
    withLazyBinding((lazy) => {
      const kept: tf.Tensor[] = [];
      const step = (fails: boolean) =>
        lazy.step(() => {
          kept.push(vector(1, 2).add(kept.length));
          if (fails) throw new Error('stopped');
          kept.push(kept.at(-1)!.mul(2));
        });
      for (let i = 0; i < 3; i++) step(false);
      expect(() => step(true)).toThrow('stopped');
      expect(values(kept.at(-1)!)).toEqual([7, 8]);
      step(false);
      expect(values(kept.at(-1)!)).toEqual([16, 18]);
      tf.dispose(kept);
    });
  });

  test('within a step another is part of it; text passes through', () => {
    withLazyBinding((lazy) => {
      for (let i = 0; i < 4; i++) {
        const [inner, text] = lazy.step(() =>
          tf.tidy(() => {
            const sum = lazy.step(() => vector(i).add(1));
            const words = tf.tensor1d(['a', `b${i}`]);
            return [values(sum.add(1)), kernel('Identity', { T: type('string') }, [words])[0]!.dataSync<'string'>()];
          }),
        );
        expect(inner).toEqual([i + 2]);
        expect([...text]).toEqual(['a', `b${i}`]);
      }
    });
  });
});
