import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import type * as Sdk from '@aws-sdk/client-s3';
import { inTurn } from './in-turn.ts';
import { bytesOf, NotThere, Refused, type Content, type Listed, type Remote, type WriteOptions } from './remote.ts';

/** Where a bucket is, beside its name. Credentials are found by the client: environment, profile, role of the machine. */
export interface S3Place {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Bytes from which on an object is sent in parts, and of a part; a test's are smaller. */
  readonly part?: number | undefined;
}

const partsAtMost = 9000;
const partsAtOnce = 3;

/** A bucket of S3, or of what speaks it, by `s3://<bucket>/<prefix>`. */
export function s3Remote(name: string, url: string, place: S3Place, stall: number): Remote {
  const { hostname: bucket, pathname } = new URL(url);
  const prefix = pathname.replace(/^\/+|\/+$/g, '');
  const at = (path: string) => ({ Bucket: bucket, Key: prefix === '' ? path : `${prefix}/${path}` });
  const leastPart = place.part ?? 16 << 20;
  let opened: Promise<{ client: S3Client; sdk: typeof Sdk }> | undefined;
  const open = () => (opened ??= import('@aws-sdk/client-s3').then((sdk) => ({ sdk, client: makeClient(sdk, place) })));

  /** Asks for something; whoever asks tries again by himself, and goes on where he was. */
  async function ask<Result>(
    path: string,
    make: (context: { client: S3Client; sdk: typeof Sdk; abortSignal: AbortSignal }) => Promise<Result>,
    signal?: AbortSignal,
    patience = stall,
  ): Promise<Result> {
    const { client, sdk } = await open();
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), patience);
    try {
      const abortSignal = AbortSignal.any([waiting.signal, ...(signal === undefined ? [] : [signal])]);
      return await make({ client, sdk, abortSignal });
    } catch (error) {
      if (waiting.signal.aborted) throw new Error(`no answer for ${patience / 1000} s`);
      throw explained(error, path, url);
    } finally {
      clearTimeout(timer);
    }
  }

  const remote = {
    name,
    url,
    async size(path: string, signal?: AbortSignal): Promise<number | undefined> {
      try {
        const make = ({ client, sdk, abortSignal }: Asking) =>
          client.send(new sdk.HeadObjectCommand(at(path)), { abortSignal });
        return (await ask(path, make, signal)).ContentLength;
      } catch (error) {
        if (error instanceof NotThere) return undefined;
        throw error;
      }
    },
    read(path: string, from: number, signal?: AbortSignal): Promise<Readable> {
      const range = from > 0 ? { Range: `bytes=${from}-` } : {};
      return ask(
        path,
        async ({ client, sdk, abortSignal }) =>
          (await client.send(new sdk.GetObjectCommand({ ...at(path), ...range }), { abortSignal })).Body as Readable,
        signal,
      );
    },
    async *list(folder: string, signal?: AbortSignal): AsyncIterable<Listed> {
      for (let token: string | undefined, more = true; more; more = token !== undefined) {
        const input = { Bucket: bucket, Prefix: at(folder).Key, ContinuationToken: token };
        const page = await ask(
          folder,
          ({ client, sdk, abortSignal }) => client.send(new sdk.ListObjectsV2Command(input), { abortSignal }),
          signal,
        );
        for (const { Key = '', Size = 0, LastModified = new Date() } of page.Contents ?? []) {
          yield { path: Key.slice(prefix === '' ? 0 : prefix.length + 1), bytes: Size, modified: LastModified };
        }
        token = page.NextContinuationToken;
      }
    },
    async write(path: string, content: Content, options: WriteOptions = {}): Promise<'written' | 'there'> {
      if ((await remote.size(path, options.signal)) !== undefined) return 'there';
      return content.bytes > leastPart ? writeParts(path, content, options) : writeWhole(path, content, options);
    },
    async remove(path: string): Promise<void> {
      await ask(path, ({ client, sdk, abortSignal }) =>
        client.send(new sdk.DeleteObjectCommand(at(path)), { abortSignal }),
      );
    },
    async sweep(minAge: number): Promise<void> {
      for (const { Key, UploadId, Initiated } of await uploads('')) {
        if (Initiated === undefined || Date.now() - Initiated.getTime() < minAge) continue;
        await ask('', ({ client, sdk, abortSignal }) =>
          client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }), { abortSignal }),
        );
      }
    },
  };

  async function writeWhole(path: string, content: Content, { signal, onBytes }: WriteOptions) {
    const Body = await bytesOf(content.open(0));
    const ChecksumSHA256 = Buffer.from(content.sha256, 'hex').toString('base64');
    const input = { ...at(path), Body, ContentLength: Body.length, ChecksumSHA256, IfNoneMatch: '*' };
    const put = (sent: Sdk.PutObjectCommandInput) =>
      ask(
        path,
        ({ client, sdk, abortSignal }) => client.send(new sdk.PutObjectCommand(sent), { abortSignal }),
        signal,
        stall * 10,
      );
    const outcome = await unlessThere(() =>
      put(input).catch((error: Error) => {
        // A server that knows no conditions: whoever writes a record reads afterwards whose it is.
        if (!error.message.startsWith('501 ')) throw error;
        return put({ ...input, IfNoneMatch: undefined });
      }),
    );
    onBytes?.(content.bytes);
    return outcome;
  }

  /** Sends what no upload of the same path has yet: a path of a blob says its bytes, so that several may send into one. */
  async function writeParts(path: string, content: Content, { signal, onBytes }: WriteOptions) {
    const size = Math.max(leastPart, Math.ceil(content.bytes / partsAtMost));
    const begun = (await uploads(path)).find(({ Key }) => Key === at(path).Key)?.UploadId;
    const UploadId = begun ?? (await begin(path, signal));
    const parts = new Map<number, CompletedPart>();
    for (const { PartNumber, ETag, ChecksumSHA256, Size } of begun === undefined ? [] : await sent(path, UploadId)) {
      if (PartNumber === undefined || Size !== Math.min(size, content.bytes - (PartNumber - 1) * size)) continue;
      parts.set(PartNumber, { PartNumber, ETag, ChecksumSHA256 });
      onBytes?.(Size);
    }
    const count = Math.ceil(content.bytes / size);
    const missing = Array.from({ length: count }, (_, i) => i + 1).filter((number) => !parts.has(number));
    await inTurn(missing, partsAtOnce, async (PartNumber) => {
      const Body = await bytesOf(content.open((PartNumber - 1) * size, Math.min(content.bytes, PartNumber * size)));
      const ChecksumSHA256 = createHash('sha256').update(Body).digest('base64');
      const input = { ...at(path), UploadId, PartNumber, Body, ContentLength: Body.length, ChecksumSHA256 };
      const { ETag } = await ask(
        path,
        ({ client, sdk, abortSignal }) => client.send(new sdk.UploadPartCommand(input), { abortSignal }),
        signal,
        stall * 10,
      );
      parts.set(PartNumber, { PartNumber, ETag, ChecksumSHA256 });
      onBytes?.(Body.length);
    });
    const Parts = [...parts.values()].sort((a, b) => a.PartNumber! - b.PartNumber!);
    const input = { ...at(path), UploadId, MultipartUpload: { Parts } };
    return unlessThere(() =>
      ask(
        path,
        ({ client, sdk, abortSignal }) => client.send(new sdk.CompleteMultipartUploadCommand(input), { abortSignal }),
        signal,
        stall * 10,
      ),
    );
  }

  async function begin(path: string, signal?: AbortSignal): Promise<string> {
    const input = { ...at(path), ChecksumAlgorithm: 'SHA256' as const };
    const { UploadId } = await ask(
      path,
      ({ client, sdk, abortSignal }) => client.send(new sdk.CreateMultipartUploadCommand(input), { abortSignal }),
      signal,
    );
    return UploadId!;
  }

  async function uploads(path: string) {
    const input = { Bucket: bucket, Prefix: at(path).Key };
    const { Uploads = [] } = await ask(path, ({ client, sdk, abortSignal }) =>
      client.send(new sdk.ListMultipartUploadsCommand(input), { abortSignal }),
    );
    return Uploads;
  }

  async function sent(path: string, UploadId: string) {
    const found: Sdk.Part[] = [];
    for (let marker: string | undefined, more = true; more; more = marker !== undefined) {
      const input = { ...at(path), UploadId, PartNumberMarker: marker };
      const page = await ask(path, ({ client, sdk, abortSignal }) =>
        client.send(new sdk.ListPartsCommand(input), { abortSignal }),
      );
      found.push(...(page.Parts ?? []));
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    }
    return found;
  }

  return remote;
}

interface Asking {
  readonly client: S3Client;
  readonly sdk: typeof Sdk;
  readonly abortSignal: AbortSignal;
}

function makeClient(sdk: typeof Sdk, { endpoint, region }: S3Place): S3Client {
  return new sdk.S3Client({
    // Whoever asks tries again himself, so that a transfer goes on at the byte where it was cut.
    maxAttempts: 1,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region !== undefined ? { region } : endpoint !== undefined ? { region: 'us-east-1' } : {}),
  });
}

/** Whether something was written, or had been by another a moment before. */
async function unlessThere(write: () => Promise<unknown>): Promise<'written' | 'there'> {
  try {
    await write();
    return 'written';
  } catch (error) {
    if (error instanceof AlreadyThere) return 'there';
    throw error;
  }
}

class AlreadyThere extends Error {}

/** An error of the client as what it means. */
function explained(error: unknown, path: string, url: string): Error {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (status === 412) return new AlreadyThere(message);
  if (name === 'NoSuchBucket') return new Refused(`there is no such bucket: ${url}`);
  if (name === 'NoSuchUpload') return new Error('another has ended the upload meanwhile');
  if (status === 404) return new NotThere(path, { url });
  if (status === 401 || status === 403) return new Refused(`${name}: ${message}`);
  if (name === 'CredentialsProviderError' || message.includes('Region is missing')) return new Refused(message);
  return new Error(`${status ?? ''} ${name}: ${message}`.trim(), { cause: error });
}
