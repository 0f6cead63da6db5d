import { oddNumbers, oddTexts, type Draws } from './draws.ts';

/** Bytes after an opcode: so many, or a length in so many bytes and what it counts, or so many lines. */
type Argument = { readonly bytes: number } | { readonly lengthIn: 1 | 4 | 8 } | { readonly lines: 1 | 2 };
const arguments_ = new Map<number, Argument>([
  ...[0x80, 75, 113, 104].map((code) => [code, { bytes: 1 }] as const),
  [77, { bytes: 2 }],
  ...[74, 114, 106].map((code) => [code, { bytes: 4 }] as const),
  ...[71, 0x95].map((code) => [code, { bytes: 8 }] as const),
  ...[85, 67, 0x8c, 0x8a].map((code) => [code, { lengthIn: 1 }] as const),
  ...[84, 66, 88, 0x8b].map((code) => [code, { lengthIn: 4 }] as const),
  ...[0x8d, 0x8e, 0x96].map((code) => [code, { lengthIn: 8 }] as const),
  ...[73, 76, 70, 83, 86, 112, 103].map((code) => [code, { lines: 1 }] as const),
  [99, { lines: 2 }],
]);

interface Step {
  readonly code: number;
  readonly argument: Buffer;
}

function stepsOf(pickle: Buffer): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pickle.length;) {
    const code = pickle[at]!;
    const kind = arguments_.get(code);
    let end = at + 1;
    if (kind !== undefined && 'bytes' in kind) end += kind.bytes;
    else if (kind !== undefined && 'lines' in kind) {
      for (let left: number = kind.lines; left > 0; left--)
        end = (pickle.indexOf(10, end) + 1 || pickle.length) as number;
    } else if (kind !== undefined && end + kind.lengthIn <= pickle.length) {
      end += kind.lengthIn + pickle.readUIntLE(end, Math.min(6, kind.lengthIn));
    }
    steps.push({ code, argument: pickle.subarray(at + 1, end) });
    at = end;
  }
  return steps;
}

/** Steps that take or give what is on the stack: lists, dictionaries, tuples, calls, states, numbers, constants. */
const stackCodes = [...'()]}.NRbatseuld012o'].map((sign) => sign.charCodeAt(0));
const laterCodes = [0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x97, 0x98];

function oddStep(draws: Draws): Step {
  const integer = Buffer.alloc(4);
  const number = Math.trunc(draws.of(oddNumbers));
  integer.writeInt32LE(Number.isSafeInteger(number) ? number | 0 : 0);
  const text = Buffer.from(draws.of([...oddTexts, 'data', 'labels', 'u1']));
  const known = [
    '_codecs\nencode\n',
    'numpy\nndarray\n',
    'numpy\ndtype\n',
    'os\nsystem\n',
    'numpy.core.multiarray\n_reconstruct\n',
  ];
  return draws.of<() => Step>([
    () => ({ code: 74, argument: integer }),
    () => ({ code: 75, argument: Buffer.of(draws.below(256)) }),
    () => ({ code: 71, argument: Buffer.from('7ff8000000000000', 'hex') }),
    () => ({ code: 85, argument: Buffer.concat([Buffer.of(Math.min(255, text.length)), text.subarray(0, 255)]) }),
    () => ({ code: 99, argument: Buffer.from(draws.of(known)) }),
    () => ({ code: 104, argument: Buffer.of(draws.below(5)) }),
    () => ({ code: draws.of([...stackCodes, ...laterCodes]), argument: Buffer.alloc(0) }),
  ])();
}

/** A list said to have billions of elements, which have to be called with, or counted. */
const hugeList = Buffer.from(']}U\x06lengthJ\xff\xff\xff\x7fsb', 'latin1');

/** A pickle with a step left out, doubled, exchanged, or another in its place or before it, or with another argument. */
export function changedPickle(seed: Buffer, draws: Draws): Buffer {
  const steps = stepsOf(seed);
  const which = draws.below(steps.length);
  const step = steps[which]!;
  switch (draws.below(7)) {
    case 0:
      steps.splice(which, 1);
      break;
    case 1:
      steps.splice(which, 0, step);
      break;
    case 2: {
      const other = draws.below(steps.length);
      [steps[which], steps[other]] = [steps[other]!, step];
      break;
    }
    case 3:
      steps[which] = oddStep(draws);
      break;
    case 4:
      // A value in place of another: the stack keeps its height.
      if (step.code === 75 || step.code === 74 || step.code === 85) {
        const values = [78, 0x88, 0x89, 41, 93, 125].map((code) => ({ code, argument: Buffer.alloc(0) }));
        steps[which] = draws.of(values);
      }
      break;
    case 5:
      if (draws.chance(10)) steps.splice(which, 0, { code: hugeList[0]!, argument: hugeList.subarray(1) });
      else steps.splice(which, 0, oddStep(draws));
      break;
    default:
      if (step.code === 75) steps[which] = { code: 75, argument: Buffer.of(draws.below(256)) };
      if (step.code === 74)
        steps[which] = { code: 74, argument: Buffer.of(...[0, 0, 0, 0].map(() => draws.of([0, 1, 255]))) };
  }
  return Buffer.concat(steps.flatMap(({ code, argument }) => [Buffer.of(code), argument]));
}
