import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { openSession } from '../run/session.ts';
import { readManifest } from '../store/manifest.ts';
import { publishedResults } from '../store/published-results.ts';
import { shownPath } from '../store/shown-path.ts';
import { blobPath, isWhole } from '../store/store.ts';
import { damages, sumsFile } from '../store/sums.ts';

export default new Command('verify')
  .description(
    'Read all published results and their blobs over, and name whatever is not byte for byte as it was published',
  )
  .argument('[folder]', 'what selfsup export wrote, in the place of the results')
  .addHelpText(
    'after',
    '\nA run looks at size and times of a blob and reads it again where these have changed; this reads all of them, so' +
      '\nthat it finds what a disk has lost by itself too. What it names is computed anew by selfsup run. Exit code 1 where' +
      '\nthere is any.\n' +
      '\nExamples:\n  selfsup verify\n  selfsup verify exported',
  )
  .action(async (exported: string | undefined) => {
    if (exported !== undefined) return verifyExported(resolve(exported));
    const { artifacts } = openSession();
    const found: string[] = [];
    const blobs = new Set<string>();
    const results = publishedResults(artifacts, (path, { message }) => found.push(`${path}: ${message}`));
    for (const { folder, label, store } of results) {
      const damage = [...damages(folder)];
      found.push(...damage.map((one) => `${label}: ${one}`));
      // What an altered one says of blobs is worth nothing.
      if (damage.some((one) => /^(manifest\.json|SHA256SUMS) /.test(one))) continue;
      const manifest = readManifest(folder);
      if (manifest === undefined) found.push(`${label}: manifest.json cannot be read`);
      for (const [name, { sha256 }] of Object.entries(manifest?.blobs ?? {})) {
        // What lies in a remote alone is no damage here.
        if (blobs.has(sha256) || !existsSync(blobPath(store, sha256))) continue;
        blobs.add(sha256);
        if (!(await isWhole(store, sha256, true))) found.push(`${label}: the blob '${name}' was altered (${sha256})`);
      }
    }
    for (const line of found) console.log(line);
    const all = `${results.length} results with ${blobs.size} blobs were read`;
    if (found.length === 0) return console.log(`${all}: all is as it was published`);
    throw new UserError(`${all}: ${found.length} of their files are not as they were published`, {
      remedy: 'Run their experiments again (selfsup run): what is damaged is computed anew, or taken from a remote.',
    });
  });

/** Compares exported files with the digests beside them. Throws `UserError` where any was altered, or there are no digests. */
function verifyExported(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const exports = names.filter((name) => basename(name) === sumsFile).map((name) => join(folder, dirname(name)));
  if (exports.length === 0) {
    throw new UserError(`There is no ${sumsFile} of exported files`, {
      file: folder,
      remedy: 'Name a folder that selfsup export wrote; an export that was stopped has none.',
    });
  }
  const found = exports.flatMap((one) => [...damages(one)].map((damage) => join(shownPath(one), damage)));
  for (const line of found) console.log(line.replace('since it was published', 'since it was exported'));
  if (found.length === 0)
    return console.log(`Exported files of ${exports.length} folders were read: all are as they were written`);
  throw new UserError(`${found.length} exported files are not as they were written`, {
    file: folder,
    remedy: 'Remove the folders that they are in, and export again.',
  });
}
