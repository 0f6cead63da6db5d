import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import type * as Sdk from '@aws-sdk/client-s3';
import { bytesOf, NotThere, Refused, type Content, type Listed, type Remote, type WriteOptions } from './remote.ts';
import { watched } from './retry.ts';
import { severalAtOnce } from './several-at-once.ts';

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
  /** Objects of this process that may be wrong: the server does not say what it has stored. */
  const doubted = new Set<string>();
  let opened: Promise<{ client: S3Client; sdk: typeof Sdk }> | undefined;
  const open = () => (opened ??= loadSdk().then((sdk) => ({ sdk, client: makeClient(sdk, place) })));

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
      const isThere = (await remote.size(path, options.signal)) !== undefined;
      const write = content.bytes > leastPart ? writeParts : writeWhole;
      const outcome = isThere ? 'there' : await write(path, content, options);
      if (!doubted.has(path)) return outcome;
      const hash = createHash('sha256');
      for await (const chunk of watched(await remote.read(path, 0, options.signal), stall)) hash.update(chunk);
      const isRight = hash.digest('hex') === content.sha256;
      if (!isRight) await remote.remove(path);
      doubted.delete(path);
      if (isRight) return outcome;
      throw new Error('what arrived is not what was sent');
    },
    async remove(path: string): Promise<void> {
      await ask(path, ({ client, sdk, abortSignal }) =>
        client.send(new sdk.DeleteObjectCommand(at(path)), { abortSignal }),
      );
    },
    async now(): Promise<number> {
      // What the client has learned from the server's answers, which refuses requests of a clock that is far from its own.
      return Date.now() + (await open()).client.config.systemClockOffset;
    },
    async sweep(minAge: number): Promise<void> {
      for (const { Key, UploadId, Initiated } of await uploads('')) {
        if (Initiated === undefined || (await remote.now()) - Initiated.getTime() < minAge) continue;
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
    const outcome = await unlessThere(async () => {
      const { ETag } = await put(input).catch((error: Error) => {
        // A server that knows no conditions: whoever writes a record reads afterwards whose it is.
        if (!error.message.startsWith('501 ')) throw error;
        return put({ ...input, IfNoneMatch: undefined });
      });
      if (!isTagOf(ETag, Body)) doubted.add(path);
    });
    onBytes?.(content.bytes);
    return outcome;
  }

  /** Sends what no upload of the same path has yet: a path of a blob says its bytes, so that several may send into one. */
  async function writeParts(path: string, content: Content, { signal, onBytes }: WriteOptions) {
    const size = Math.max(leastPart, Math.ceil(content.bytes / partsAtMost));
    const begun = (await uploads(path, signal)).find(({ Key }) => Key === at(path).Key)?.UploadId;
    const UploadId = begun ?? (await begin(path, signal));
    const before = begun === undefined ? [] : await sent(path, UploadId, signal);
    const parts = new Map<number, CompletedPart>();
    const count = Math.ceil(content.bytes / size);
    const all = Array.from({ length: count }, (_, i) => i + 1);
    await severalAtOnce(all, partsAtOnce, async (PartNumber) => {
      const Body = await bytesOf(content.open((PartNumber - 1) * size, Math.min(content.bytes, PartNumber * size)));
      const ChecksumSHA256 = createHash('sha256').update(Body).digest('base64');
      const there = before.find((one) => one.PartNumber === PartNumber && one.Size === Body.length);
      if (there?.ChecksumSHA256 === ChecksumSHA256 || isTagOf(there?.ETag, Body)) {
        parts.set(PartNumber, { PartNumber, ETag: there!.ETag, ChecksumSHA256: there!.ChecksumSHA256 });
        onBytes?.(Body.length);
        return;
      }
      const input = { ...at(path), UploadId, PartNumber, Body, ContentLength: Body.length, ChecksumSHA256 };
      const { ETag } = await ask(
        path,
        ({ client, sdk, abortSignal }) => client.send(new sdk.UploadPartCommand(input), { abortSignal }),
        signal,
        stall * 10,
      );
      if (!isTagOf(ETag, Body)) doubted.add(path);
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

  /** The first thousand of them: who removes some comes again for the next. */
  async function uploads(path: string, signal?: AbortSignal) {
    const input = { Bucket: bucket, Prefix: at(path).Key };
    const { Uploads = [] } = await ask(
      path,
      ({ client, sdk, abortSignal }) => client.send(new sdk.ListMultipartUploadsCommand(input), { abortSignal }),
      signal,
    );
    return Uploads;
  }

  async function sent(path: string, UploadId: string, signal?: AbortSignal) {
    const found: Sdk.Part[] = [];
    for (let marker: string | undefined, more = true; more; more = marker !== undefined) {
      const input = { ...at(path), UploadId, PartNumberMarker: marker };
      const page = await ask(
        path,
        ({ client, sdk, abortSignal }) => client.send(new sdk.ListPartsCommand(input), { abortSignal }),
        signal,
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

/** Loads the client, which would else warn at each command that its versions of 2027 need a newer Node; ours is pinned. */
async function loadSdk(): Promise<typeof Sdk> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  return import('@aws-sdk/client-s3');
}

function makeClient(sdk: typeof Sdk, { endpoint: named, region }: S3Place): S3Client {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const endpoint = named ?? (AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL || undefined);
  // Of Amazon the profile may say it too; what else speaks S3 mostly has none, but signatures need a name.
  const elsewhere = endpoint === undefined ? undefined : AWS_REGION || AWS_DEFAULT_REGION || 'us-east-1';
  const chosen = region ?? elsewhere;
  return new sdk.S3Client({
    // Whoever asks tries again himself, so that a transfer goes on at the byte where it was cut.
    maxAttempts: 1,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(chosen === undefined ? {} : { region: chosen }),
  });
}

/** Whether the server says of what it stored that it is this: mostly by its MD5, but not everywhere. */
function isTagOf(tag: string | undefined, body: Buffer): boolean {
  return tag?.replaceAll('"', '') === createHash('md5').update(body).digest('hex');
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
