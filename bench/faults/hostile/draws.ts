import { integer, randomKey, type RandomKey } from '@selfsup/kit/random';

/** Numbers at which programs err. */
export const oddNumbers = [
  ...[0, 1, -1, 0.5, 1e300, 1e-300, 2 ** 31, 2 ** 31 - 1, 2 ** 32, 2 ** 32 - 1, -(2 ** 31), 2 ** 53, 2 ** 53 - 1],
  ...[65535, 65536, 255, 256, 127, 128],
];

/** Text at which programs err: empty, long, names of what every object has, paths that lead out, signs of other alphabets. */
export const oddTexts = [
  ...['', ' ', '\0', '__proto__', 'constructor', 'toString', 'length', 'null', 'NaN', '-1', '1e999', '0x10', '../../x'],
  ...[
    '/etc/passwd',
    'C:\\x',
    'a'.repeat(300),
    '\u202e',
    '\ud800',
    'é',
    '💣',
    '%s%n',
    '<x>',
    '&amp;&lol;',
    '\r\n',
    'cat',
  ],
];

/** Random numbers one after another, a function of a key. */
export class Draws {
  readonly #key: RandomKey;
  #count = 0;

  constructor(seed: number, ...names: readonly (string | number)[]) {
    this.#key = randomKey(seed, ...names);
  }

  /** A whole number from 0 to below `end`; 0 where there is none. */
  below(end: number): number {
    return integer(this.#key, Math.max(1, end), this.#count++);
  }

  /** One of these. */
  of<A>(all: readonly A[]): A {
    return all[this.below(all.length)]!;
  }

  /** Whether something happens that does `percent` times in a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}
