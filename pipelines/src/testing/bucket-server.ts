import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listening, readAll, reply, type LocalServer } from './local-server.ts';

/** A bucket in memory behind HTTP: the part of S3 that remotes use, and plain reading of the same paths. */
export interface BucketServer extends LocalServer {
  /** Path to content: `/<bucket>/<key>`. */
  readonly objects: Map<string, Buffer>;
  /** Bytes of objects that were sent to whoever asked. */
  sent: number;
  /** Bytes of objects and of their parts that came. */
  received: number;
}

/** Starts one on a free port of this machine. */
export async function startBucket(): Promise<BucketServer> {
  const uploads = new Map<string, { path: string; parts: Map<number, Buffer> }>();
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const { pathname, searchParams } = new URL(request.url!, 'http://server');
    const path = decodeURIComponent(pathname);
    const upload = searchParams.get('uploadId') ?? undefined;
    const parts = upload === undefined ? undefined : uploads.get(upload)?.parts;
    if (upload !== undefined && parts === undefined) return reply(response, 404, error('NoSuchUpload'));
    switch (request.method) {
      case 'PUT':
        return put(request, response, path, body, parts);
      case 'POST':
        return parts === undefined ? begin(response, path) : complete(response, path, upload!, parts);
      case 'DELETE':
        objects.delete(path);
        return reply(response, 204, '');
      default:
        if (searchParams.has('uploads')) return reply(response, 200, uploadsBelow(path, searchParams));
        if (parts !== undefined) return reply(response, 200, listOf(parts));
        if (searchParams.get('list-type') === '2') return reply(response, 200, objectsBelow(path, searchParams));
        return read(request, response, objects.get(path));
    }
  }

  function put(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    body: Buffer,
    parts?: Map<number, Buffer>,
  ): void {
    const checksum = request.headers['x-amz-checksum-sha256'];
    if (checksum !== undefined && checksum !== digest('sha256', body, 'base64')) {
      return reply(response, 400, error('BadDigest'));
    }
    if (parts === undefined && request.headers['if-none-match'] === '*' && objects.has(path)) {
      return reply(response, 412, error('PreconditionFailed'));
    }
    bucket.received += body.length;
    if (parts === undefined) objects.set(path, body);
    else parts.set(Number(new URL(request.url!, 'http://server').searchParams.get('partNumber')), body);
    return reply(response, 200, '', { etag: tag(body) });
  }

  function begin(response: ServerResponse, path: string): void {
    const id = randomUUID();
    uploads.set(id, { path, parts: new Map() });
    const said = `<UploadId>${id}</UploadId>`;
    reply(response, 200, `<InitiateMultipartUploadResult>${said}</InitiateMultipartUploadResult>`);
  }

  function complete(response: ServerResponse, path: string, upload: string, parts: Map<number, Buffer>): void {
    uploads.delete(upload);
    const numbers = [...parts.keys()].sort((a, b) => a - b);
    objects.set(path, Buffer.concat(numbers.map((number) => parts.get(number)!)));
    reply(response, 200, '<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>');
  }

  function uploadsBelow(path: string, searchParams: URLSearchParams): string {
    const bucketPath = `${path.replace(/\/$/, '')}/`;
    const prefix = `${bucketPath}${searchParams.get('prefix') ?? ''}`;
    const entries = [...uploads]
      .filter(([, one]) => one.path.startsWith(prefix))
      .map(([id, one]) => `<Upload><Key>${one.path.slice(bucketPath.length)}</Key><UploadId>${id}</UploadId></Upload>`);
    return `<ListMultipartUploadsResult>${entries.join('')}</ListMultipartUploadsResult>`;
  }

  function objectsBelow(path: string, searchParams: URLSearchParams): string {
    const bucketPath = `${path.replace(/\/$/, '')}/`;
    const prefix = `${bucketPath}${searchParams.get('prefix') ?? ''}`;
    const entries = [...objects]
      .filter(([name]) => name.startsWith(prefix))
      .map(
        ([name, { length }]) =>
          `<Contents><Key>${name.slice(bucketPath.length)}</Key><Size>${length}</Size>` +
          '<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>',
      );
    return `<ListBucketResult>${entries.join('')}</ListBucketResult>`;
  }

  function read(request: IncomingMessage, response: ServerResponse, whole?: Buffer): void {
    if (whole === undefined) return reply(response, 404, request.method === 'HEAD' ? '' : error('NoSuchKey'));
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const content = whole.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': content.length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` } : {}),
    });
    if (request.method === 'HEAD') return void response.end();
    bucket.sent += content.length;
    response.end(content);
  }

  const bucket: BucketServer = { ...(await listening(server)), objects, sent: 0, received: 0 };
  return bucket;
}

function listOf(parts: Map<number, Buffer>): string {
  const entries = [...parts].map(
    ([number, part]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${tag(part)}</ETag><Size>${part.length}</Size></Part>`,
  );
  return `<ListPartsResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListPartsResult>`;
}

const error = (code: string): string => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
const tag = (content: Buffer): string => `"${digest('md5', content, 'hex')}"`;

function digest(algorithm: string, content: Buffer, form: 'base64' | 'hex'): string {
  return createHash(algorithm).update(content).digest(form);
}
