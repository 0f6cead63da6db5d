import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one request. */
export type Fault = 'cut' | 'error' | 'slow' | 'wrong' | 'full' | 'late cut';
export const faults: readonly Fault[] = ['cut', 'error', 'slow', 'wrong', 'full', 'late cut'];

/** A bucket in memory behind HTTP: the part of S3 that remotes use, and plain reading of the same paths. */
export interface FaultyServer {
  readonly url: string;
  /** Path to content: `/<bucket>/<key>`. */
  readonly objects: Map<string, Buffer>;
  /** Bytes of objects that were sent to whoever asked. */
  sent: number;
  /** Asked at each request: what goes wrong with it. */
  fault: (request: IncomingMessage) => Fault | undefined;
  close(): Promise<void>;
}

/** Starts one on a free port of this machine. */
export async function startFaultyServer(): Promise<FaultyServer> {
  const uploads = new Map<string, { path: string; parts: Map<number, Buffer> }>();
  const objects = new Map<string, Buffer>();
  const server: Server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = faulty.fault(request);
    if (fault === 'cut') return void request.socket.destroy();
    if (fault === 'error') return reply(response, 500, error('InternalError'));
    let body = await readAll(request);
    if (fault === 'full' && request.method !== 'GET') return reply(response, 507, error('InsufficientStorage'));
    if (fault === 'wrong' && request.method === 'PUT' && body.length > 0) {
      body = Buffer.from(body);
      body[body.length >> 1]! ^= 1;
    }
    const { pathname, searchParams } = new URL(request.url!, 'http://server');
    const path = decodeURIComponent(pathname);
    const upload = searchParams.get('uploadId') ?? undefined;
    const checksum = request.headers['x-amz-checksum-sha256'];
    if (request.method === 'PUT' && checksum !== undefined && checksum !== sha(body)) {
      return reply(response, 400, error('BadDigest'));
    }
    if (request.method === 'PUT' && upload !== undefined) {
      const parts = uploads.get(upload)?.parts;
      if (parts === undefined) return reply(response, 404, error('NoSuchUpload'));
      parts.set(Number(searchParams.get('partNumber')), body);
      return last(fault, response, 200, '', { etag: '"e"' });
    }
    if (request.method === 'PUT') {
      if (request.headers['if-none-match'] === '*' && objects.has(path)) {
        return reply(response, 412, error('PreconditionFailed'));
      }
      objects.set(path, body);
      return last(fault, response, 200, '', { etag: '"e"' });
    }
    if (request.method === 'POST' && searchParams.has('uploads')) {
      const id = randomUUID();
      uploads.set(id, { path, parts: new Map() });
      return last(
        fault,
        response,
        200,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (request.method === 'POST') {
      const parts = uploads.get(upload!)?.parts;
      if (parts === undefined) return reply(response, 404, error('NoSuchUpload'));
      uploads.delete(upload!);
      const numbers = [...parts.keys()].sort((a, b) => a - b);
      objects.set(path, Buffer.concat(numbers.map((number) => parts.get(number)!)));
      return last(
        fault,
        response,
        200,
        '<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>',
      );
    }
    if (request.method === 'DELETE') {
      objects.delete(path);
      return reply(response, 204, '');
    }
    if (searchParams.has('uploads')) {
      const prefix = `${path.replace(/\/$/, '')}/${searchParams.get('prefix') ?? ''}`;
      const found = [...uploads].filter(([, one]) => one.path.startsWith(prefix));
      const bucket = `${path.replace(/\/$/, '')}/`;
      const entries = found.map(
        ([id, one]) => `<Upload><Key>${one.path.slice(bucket.length)}</Key><UploadId>${id}</UploadId></Upload>`,
      );
      return last(fault, response, 200, `<ListMultipartUploadsResult>${entries.join('')}</ListMultipartUploadsResult>`);
    }
    if (upload !== undefined) {
      const entries = [...(uploads.get(upload)?.parts ?? [])].map(
        ([number, part]) =>
          `<Part><PartNumber>${number}</PartNumber><ETag>e</ETag><Size>${part.length}</Size><ChecksumSHA256>${sha(part)}</ChecksumSHA256></Part>`,
      );
      return last(
        fault,
        response,
        200,
        `<ListPartsResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListPartsResult>`,
      );
    }
    if (searchParams.get('list-type') === '2') {
      const bucket = `${path.replace(/\/$/, '')}/`;
      const found = [...objects].filter(([name]) => name.startsWith(`${bucket}${searchParams.get('prefix') ?? ''}`));
      const entries = found.map(
        ([name, one]) =>
          `<Contents><Key>${name.slice(bucket.length)}</Key><Size>${one.length}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`,
      );
      return last(fault, response, 200, `<ListBucketResult>${entries.join('')}</ListBucketResult>`);
    }
    return read(fault, request, response, objects.get(path));
  }
  async function read(fault: Fault | undefined, request: IncomingMessage, response: ServerResponse, whole?: Buffer) {
    if (whole === undefined) return reply(response, 404, request.method === 'HEAD' ? '' : error('NoSuchKey'));
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const content = Buffer.from(whole.subarray(from));
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': content.length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` } : {}),
    });
    if (request.method === 'HEAD') return void response.end();
    if (fault === 'wrong' && content.length > 0) content[content.length >> 1]! ^= 1;
    const half = content.subarray(0, content.length >> 1);
    if (fault !== 'slow' && fault !== 'late cut') {
      faulty.sent += content.length;
      return void response.end(content);
    }
    faulty.sent += half.length;
    // 'slow' says nothing more, and does not end either.
    response.write(half, () => (fault === 'late cut' ? setTimeout(() => response.destroy(), 10) : undefined));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const faulty: FaultyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    sent: 0,
    fault: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return faulty;
}

/** The answer of something that was done; with a late cut it is never heard. */
function last(fault: Fault | undefined, response: ServerResponse, status: number, text: string, headers = {}): void {
  if (fault === 'late cut') return void response.destroy();
  if (fault === 'slow') return;
  reply(response, status, text, headers);
}

function reply(response: ServerResponse, status: number, text: string, headers = {}): void {
  response.writeHead(status, {
    'content-length': Buffer.byteLength(text),
    'content-type': 'application/xml',
    ...headers,
  });
  response.end(text);
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const error = (code: string): string => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
const sha = (content: Buffer): string => createHash('sha256').update(content).digest('base64');
