import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listening, readAll, reply, type LocalServer } from './local-server.ts';

/** What goes wrong with one request between a client and its server. */
export type Fault = 'cut' | 'error' | 'slow' | 'wrong' | 'full' | 'late cut';
export const faults: readonly Fault[] = ['cut', 'error', 'slow', 'wrong', 'full', 'late cut'];

/** Stands between a client and a server, and lets what is asked go wrong. */
export interface FaultyProxy extends LocalServer {
  /** Asked at each request: what goes wrong with it. */
  fault: (request: IncomingMessage) => Fault | undefined;
}

/** Starts one in front of the server at `target`. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const server = createServer((request, response) => {
    void pass(request, response).catch(() => response.destroy());
  });
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = proxy.fault(request);
    if (fault === 'cut') return void request.socket.destroy();
    if (fault === 'error') return reply(response, 500, said('InternalError'));
    const sent = await readAll(request);
    const isReading = request.method === 'GET';
    if (fault === 'full' && !isReading) return reply(response, 507, said('InsufficientStorage'));
    const answer = await forward(target, request, fault === 'wrong' && !isReading ? altered(sent) : sent);
    const content = await readAll(answer);
    // It was done, but that is never heard.
    if (fault === 'late cut' && content.length === 0) return void response.destroy();
    if (fault === 'slow' && content.length === 0) return;
    const { 'transfer-encoding': _, connection: _connection, ...headers } = answer.headers;
    const length = request.method === 'HEAD' ? headers['content-length'] : content.length;
    response.writeHead(answer.statusCode!, {
      ...headers,
      ...(length === undefined ? {} : { 'content-length': length }),
    });
    if (fault !== 'slow' && fault !== 'late cut') {
      return void response.end(fault === 'wrong' && isReading ? altered(content) : content);
    }
    // 'slow' says nothing more, and does not end either.
    const cut = (): unknown => setTimeout(() => response.destroy(), 10);
    response.write(content.subarray(0, content.length >> 1), () => (fault === 'late cut' ? cut() : undefined));
  }
  const proxy: FaultyProxy = { ...(await listening(server)), fault: () => undefined };
  return proxy;
}

function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  const { expect: _, 'transfer-encoding': _encoding, ...kept } = headers;
  return new Promise((resolve, reject) => {
    const asked = ask(`${target}${url}`, { method, headers: { ...kept, 'content-length': body.length } }, resolve);
    asked.on('error', reject);
    asked.end(body);
  });
}

/** The same with one bit turned. */
function altered(content: Buffer): Buffer {
  const other = Buffer.from(content);
  if (other.length > 0) other[other.length >> 1]! ^= 1;
  return other;
}

const said = (code: string): string => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
