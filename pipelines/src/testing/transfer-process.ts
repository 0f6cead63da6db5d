// Run as a process of its own by kills.test.ts: pushes all that is published below a folder to a remote, or brings the
// result of a key from there with its blobs. Says when it begins.
import { join } from 'node:path';
import { bringBlobs, bringResult } from '../remotes/bring.ts';
import { folderRemote } from '../remotes/folder-remote.ts';
import { pushResult } from '../remotes/push.ts';
import { s3Remote } from '../remotes/s3-remote.ts';
import { readManifest } from '../store/manifest.ts';
import { publishedResults } from '../store/published-results.ts';

const [mode, root, url, key, part] = process.argv.slice(2) as [string, string, string, string, string];
const store = join(root, 'store');
// Where S3 is says AWS_ENDPOINT_URL.
const remote = url.startsWith('s3:')
  ? s3Remote('team', url, { part: Number(part) }, 30_000)
  : folderRemote('team', url);
const destination = { remote, push: 'asked', signedBy: [] } as const;
const silent = {
  note: () => undefined,
  warn: console.error,
  phase: () => ({ advance: () => undefined, done: () => undefined }),
};
const session = {
  remotes: { all: [destination], signWith: undefined },
  artifacts: { root, stages: root, store },
  progress: () => silent,
  signal: new AbortController().signal,
};
console.log('begins');
if (mode === 'push') {
  for (const result of publishedResults(session.artifacts)) await pushResult(session, destination, result);
} else {
  const folder = join(root, 'toy/base/seed-1/pretrain');
  const to = { label: 'toy', folder, workFolder: join(root, 'work/toy/base/seed-1/pretrain'), store };
  if (readManifest(folder) === undefined) await bringResult(session, key, to);
  const digests = Object.values(readManifest(folder)!.blobs).map(({ sha256 }) => sha256);
  const missing = await bringBlobs(session, store, digests, 'toy');
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
}
process.exit(0);
