// Attacks the whole pipeline and counts what is lost, wrong or unnoticed:
// node --import tsx bench/faults/run.ts --attack kill --count 20 --seed 1 [--from 0] [--again] [--folder artifacts/faults]
// Results are lines of JSON in <folder>/results; cases that have one are run again with --again alone. --attack table prints
// the table. Ends with 1 where one of the cases that were asked for is not as it ought to be, whenever it was run.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { randomKey } from '@selfsup/kit/random';
import { campaign, isBad, type Attack } from './campaign.ts';
import { table } from './table.ts';
import { attackedCommit, commitHere } from './workspace.ts';

const { values } = parseArgs({
  options: {
    attack: { type: 'string', default: 'table' },
    count: { type: 'string' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
    folder: { type: 'string', default: 'artifacts/faults' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const folder = resolve(values.folder);
const results = join(folder, 'results');
if (values.attack === 'table') {
  console.log(await table(results));
} else {
  const { default: attack } = (await import(`./attacks/${values.attack}.ts`)) as { default: Attack };
  const seed = Number(values.seed);
  const options = Object.fromEntries(values.set.map((one) => one.split('=', 2) as [string, string]));
  const setting = { folder: join(folder, values.attack), key: randomKey(seed, values.attack), seed, options };
  const count = Number(values.count ?? attack.cases);
  const { again } = values;
  const bench = commitHere();
  const commit = attack.isOfFilesHere === true ? bench : attackedCommit(folder);
  const wanted = { results, from: Number(values.from), count, again, commit, bench };
  const lines = await campaign(values.attack, attack, setting, wanted);
  const bad = lines.filter(isBad);
  console.log(`${lines.length} cases, ${bad.length} not as they ought to be`);
  process.exitCode = bad.length > 0 ? 1 : 0;
}
