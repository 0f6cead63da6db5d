// The same attacks in a small form on our own checkpoints and on what others offer: Lightning, Orbax, LMDB, DVC, the cache of Nx.
// python -m venv <venv> && <venv>/bin/pip install -r bench/faults/neighbours/requirements.txt (torch as in bench/oracles.txt)
// node --import tsx bench/faults/neighbours.ts --python <venv>/bin/python --folder artifacts/neighbours [--only lmdb] [--cases 60]
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseJsonLines } from '@selfsup/kit/parse';
import { deriveKey, integer, randomKey, uniform, type RandomKey } from '@selfsup/kit/random';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import { cutPower, readLog } from '@selfsup/kit/testing/power-cut';
import { openKeeper, systems, type Answer, type Keeper } from './neighbours/keeper.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    folder: { type: 'string', default: 'artifacts/neighbours' },
    only: { type: 'string' },
    cases: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const above = resolve(values.folder);
const results = join(above, 'results.jsonl');
const cases = Number(values.cases);
const states = 5;
/** What the keepers write themselves, and what they remove before they read. */
const skipped = [
  'acknowledged',
  'number.txt',
  'task.cjs',
  'project.json',
  'nx.json',
  'package.json',
  'weights.bin',
  'out/weights.bin',
];

/** What came of one case: the newest acknowledged state or a later one is there; it is refused by name; its reader dies; nothing can be written any more; an older one is there; or another content. */
type Outcome = 'kept' | 'refused' | 'died' | 'stuck' | 'lost' | 'wrong';
interface Line {
  readonly system: string;
  readonly attack: string;
  readonly case: number;
  readonly outcome: Outcome;
  readonly about: string;
}

/** What a reader found, where `acknowledged` is the newest state that had been acknowledged (-1: none). */
function judged(answer: Answer, acknowledged: number): Outcome {
  if (answer.wrong !== undefined) return 'wrong';
  if (answer.number !== undefined) return answer.number >= acknowledged ? 'kept' : 'lost';
  if (acknowledged < 0) return 'kept';
  if (answer.nothing === true) return 'lost';
  return answer.died === true ? 'died' : 'refused';
}

function newest(folder: string): number {
  const file = join(folder, 'acknowledged');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return Number(lines.at(-1) || -1);
}

async function attack(system: string): Promise<void> {
  const folder = join(above, system);
  const whole = join(above, `${system}-whole`);
  const disk = openDisk(join(above, 'disk'));
  const key = randomKey(Number(values.seed), 'neighbours', system);
  const done = (existsSync(results) ? (parseJsonLines(readFileSync(results, 'utf8')) as Line[]) : []).filter(
    (line) => line.system === system,
  );
  const fresh = (): void => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  };
  const open = (env: NodeJS.ProcessEnv = {}): Keeper => openKeeper(system, values.python, env);
  let reader = open();
  const read = async (asked: number): Promise<Answer> => {
    const answer = await reader.ask(`read ${folder} ${asked}`);
    if (answer.died === true) reader = open();
    return answer;
  };
  const tell = (attack: string, which: number, outcome: Outcome, about: string): void => {
    const line: Line = { system, attack, case: which, outcome, about };
    appendFileSync(results, `${JSON.stringify(line)}\n`);
    if (outcome !== 'kept') console.log(`${system} ${attack} ${which}: ${outcome}: ${about}`);
  };
  const each = async (attack: string, one: (drawn: RandomKey) => Promise<[Outcome, string]>): Promise<void> => {
    for (let which = 0; which < cases; which++) {
      if (done.some((line) => line.attack === attack && line.case === which)) continue;
      tell(attack, which, ...(await one(deriveKey(key, attack, which))));
    }
  };
  const shown = (answer: Answer, acknowledged: number): string =>
    `${acknowledged} acknowledged; ${JSON.stringify(answer)}`;

  // A run left alone, and what it does on the disk.
  const writer = async (env: NodeJS.ProcessEnv, from = 0): Promise<void> => {
    const keeper = open(env);
    await keeper.ask(`write ${folder} ${from} ${states}`);
    await keeper.close();
  };
  fresh();
  await writer(disk.env('count', { root: folder }));
  const operations = disk.count();
  fresh();
  await writer(disk.env('log', { root: folder }));
  const log = readLog(disk.log);
  const left = await read(states - 1);
  if (left.number !== states - 1) throw new Error(`${system}, left alone: ${JSON.stringify(left)}`);
  // The last state alone, so that most of what is there is read.
  fresh();
  await writer({}, states - 1);
  rmSync(whole, { recursive: true, force: true });
  cpSync(folder, whole, { recursive: true, preserveTimestamps: true });

  await each('flip', async (drawn) => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(whole, folder, { recursive: true, preserveTimestamps: true });
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
      .filter((name) => !skipped.includes(name))
      .map((name) => ({ name, size: statSync(join(folder, name)).size }));
    let at = Math.floor(uniform(drawn) * files.reduce((sum, { size }) => sum + size, 0));
    const file = files.find(({ size }) => (at < size ? true : ((at -= size), false)))!;
    const bytes = readFileSync(join(folder, file.name));
    bytes[at]! ^= 1 << integer(drawn, 8, 1);
    rmSync(join(folder, file.name));
    writeFileSync(join(folder, file.name), bytes, { mode: statSync(join(whole, file.name)).mode });
    const answer = await read(states - 1);
    return [judged(answer, states - 1), `byte ${at} of ${file.name}; ${shown(answer, states - 1)}`];
  });
  await each('power cut', async (drawn) => {
    const cut = 1 + integer(drawn, log.length, 0);
    // As ext4, XFS and Btrfs keep names; nobody promises more than these give.
    cutPower(log, cut, folder, 'journal', deriveKey(drawn, 'disk'));
    // The line that acknowledges is itself on no disk.
    const said = log.slice(0, cut).filter(({ kind, path }) => kind === 'W' && path === join(folder, 'acknowledged'));
    const answer = await read(said.length - 1);
    return [judged(answer, said.length - 1), `operation ${cut} of ${log.length}; ${shown(answer, said.length - 1)}`];
  });
  await each('kill', async (drawn) => {
    fresh();
    const at = 1 + integer(drawn, operations, 0);
    await writer(disk.env('kill', { root: folder, at }));
    const acknowledged = newest(folder);
    const answer = await read(acknowledged);
    let outcome = judged(answer, acknowledged);
    const again = await reader.ask(`write ${folder} ${states} ${states + 1}`);
    const after = await read(states);
    if (again.error !== undefined || after.number !== states) outcome = outcome === 'kept' ? 'stuck' : outcome;
    return [
      outcome,
      `operation ${at} of ${operations}; ${shown(answer, acknowledged)}; again ${JSON.stringify([again, after])}`,
    ];
  });
  await reader.close();
}

mkdirSync(above, { recursive: true });
for (const system of values.only === undefined ? systems : values.only.split(',')) await attack(system);
const lines = parseJsonLines(readFileSync(results, 'utf8')) as Line[];
const kinds = ['kept', 'refused', 'died', 'stuck', 'lost', 'wrong'] as const;
console.log(
  `| system | attack | cases | ${kinds.join(' | ')} |\n| --- | --- | ${[0, ...kinds].map(() => '---').join(' | ')} |`,
);
for (const system of systems) {
  for (const name of ['kill', 'power cut', 'flip']) {
    const own = lines.filter((line) => line.system === system && line.attack === name);
    const counts = kinds.map((kind) => own.filter(({ outcome }) => outcome === kind).length);
    if (own.length > 0) console.log(`| ${system} | ${name} | ${own.length} | ${counts.join(' | ')} |`);
  }
}
