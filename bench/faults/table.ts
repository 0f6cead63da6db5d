import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readLines, type Attack } from './campaign.ts';

/** The table of docs/reliability.md, of all results that are there. */
export async function table(results: string): Promise<string> {
  const files = existsSync(results) ? readdirSync(results).filter((name) => name.endsWith('.jsonl')) : [];
  const head = ['attack', 'command', 'seed', 'cases', 'struck', 'lost', 'wrong', 'unnoticed', 'time'];
  const rows: string[][] = [];
  for (const file of files.sort()) {
    const name = basename(file, '.jsonl');
    const { default: attack } = (await import(`./attacks/${name}.ts`)) as { default: Attack };
    const lines = readLines(join(results, file));
    for (const seed of new Set(lines.map((line) => line.seed))) {
      const own = lines.filter((line) => line.seed === seed);
      const sum = (of: 'struck' | 'lost' | 'wrong' | 'unnoticed' | 'seconds'): number =>
        own.reduce((total, line) => total + line[of], 0);
      const count = (n: number): string => n.toLocaleString('en');
      const options = Object.entries(own.at(-1)!.options ?? {}).map(([option, value]) => ` --set ${option}=${value}`);
      rows.push([
        attack.title,
        `\`--attack ${name} ${casesOf(own)}${options.join('')}\``,
        String(seed),
        ...[own.length, sum('struck'), sum('lost'), sum('wrong'), sum('unnoticed')].map(count),
        `${Math.ceil(sum('seconds') / 60)} min`,
      ]);
    }
  }
  const commits = new Set(
    files.flatMap((file) =>
      readLines(join(results, file)).map(({ commit = 'not noted', bench = commit }) =>
        bench === commit ? commit : `${commit} (attacked by ${bench})`,
      ),
    ),
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), '', `Commits: ${[...commits].join(', ')}`].join(
    '\n',
  );
}

/** The words that ask for these cases. */
function casesOf(lines: readonly { readonly case: number }[]): string {
  const cases = lines.map((line) => line.case);
  const [first, last] = [Math.min(...cases), Math.max(...cases)];
  const isWhole = last - first + 1 === cases.length;
  return `${first === 0 ? '' : `--from ${first} `}--count ${last - first + 1}${isWhole ? '' : ` (${cases.length} of them)`}`;
}
