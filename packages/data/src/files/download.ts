import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '@selfsup/kit/errors';
import { acquireLease } from '@selfsup/kit/lease';
import { Interrupted } from '@selfsup/kit/stage';
import type { SourceContext } from '../source.ts';
import { NotFetched } from './not-fetched.ts';

export interface DownloadOptions {
  readonly url: string;
  /** Where the whole file is put, once its checksum is right. */
  readonly to: string;
  /** As published beside the file. */
  readonly md5: string;
  readonly context: SourceContext;
}

/** The file is there, or why it could not be fetched. */
export type Downloaded = { readonly to: string } | { readonly failed: string };

/** How long to wait for an answer, and for more bytes, before giving up. */
const patienceMilliseconds = 15_000;

async function md5File(path: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}

/** Appends to `part` what it lacks of `url`; starts over where the server knows no ranges. */
async function fetchRest(url: string, part: string, context: SourceContext): Promise<void> {
  const have = existsSync(part) ? (await stat(part)).size : 0;
  const patience = new AbortController();
  const signals = context.signal === undefined ? [patience.signal] : [patience.signal, context.signal];
  let timer = setTimeout(() => patience.abort(new Error('no answer')), patienceMilliseconds);
  const file = await open(part, 'a');
  try {
    const response = await fetch(url, {
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
      signal: AbortSignal.any(signals),
    });
    if (response.status === 416) return; // all of it is here already; the checksum decides
    if (!response.ok || response.body === null) throw new Error(`the server answers ${response.status}`);
    const resumes = response.status === 206;
    if (!resumes) await file.truncate(0);
    const length = Number(response.headers.get('content-length') ?? NaN);
    const total = Number.isNaN(length) ? undefined : length + (resumes ? have : 0);
    const phase = context.progress.phase(`download ${basename(part, '.part')}`, total, 'bytes', resumes ? have : 0);
    for await (const bytes of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => patience.abort(new Error('the server stopped sending')), patienceMilliseconds);
      await file.writeFile(bytes as Uint8Array);
      phase.advance((bytes as Uint8Array).length);
    }
    await file.sync();
    phase.done();
  } finally {
    clearTimeout(timer);
    await file.close();
  }
}

/**
 * Fetches a file into the cache: goes on where an earlier attempt stopped, checks the published md5, and only then
 * gives the file its name. Two processes at once take turns. What cannot be reached is reported, not thrown;
 * a wrong checksum of a complete fetch throws `UserError`; abort throws `Interrupted`.
 */
export async function download({ url, to, md5, context }: DownloadOptions): Promise<Downloaded> {
  if (existsSync(to)) return { to };
  if (context.fetchNothing)
    throw new NotFetched(`It would have to be fetched: ${url}`, { remedy: `Put that file at ${to}.` });
  const part = `${to}.part`;
  await mkdir(dirname(to), { recursive: true }).catch((cause: unknown) => {
    throw new UserError('The cache folder cannot be written', {
      file: dirname(to),
      remedy: 'Set SELFSUP_CACHE to a folder that can.',
      cause,
    });
  });
  const lease = await acquireLease(`${to}.lease`, {
    signal: context.signal,
    onWait: () => context.progress.note(`Another process fetches ${basename(to)}; waiting for it.`),
  });
  try {
    if (existsSync(to)) return { to };
    const resumed = existsSync(part);
    const signals = context.signal === undefined ? [lease.lost] : [lease.lost, context.signal];
    const ours = { ...context, signal: AbortSignal.any(signals) };
    await fetchRest(url, part, ours);
    let digest = await md5File(part);
    if (digest !== md5 && resumed) {
      // What was here before may belong to another version of the file: once more from the start.
      await rm(part);
      await fetchRest(url, part, ours);
      digest = await md5File(part);
    }
    if (digest !== md5) {
      await rm(part);
      throw new UserError(`What was fetched has the md5 ${digest} instead of ${md5}`, {
        file: url,
        remedy: 'Try again later, or fetch the file by other means and give its path.',
      });
    }
    await lease.confirm();
    await rename(part, to);
    return { to };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (context.signal?.aborted === true) throw new Interrupted('The download was stopped; it goes on from there.');
    return { failed: `${url} cannot be fetched (${reasonOf(error)})` };
  } finally {
    await lease.release();
  }
}

/** Fetches files that lie side by side at an address, by name and md5, into a folder, as `download` does; gives why not. */
export async function downloadAll(
  address: string,
  files: readonly (readonly [name: string, md5: string])[],
  folder: string,
  context: SourceContext,
): Promise<{ readonly failed: string } | undefined> {
  const base = address.endsWith('/') ? address : `${address}/`;
  for (const [name, md5] of files) {
    const fetched = await download({ url: new URL(name, base).href, to: join(folder, name), md5, context });
    if ('failed' in fetched) return fetched;
  }
  return undefined;
}
