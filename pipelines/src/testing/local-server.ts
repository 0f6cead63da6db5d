import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of a test, on this machine. */
export interface LocalServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Lets a server listen on a free port. */
export async function listening(server: Server): Promise<LocalServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The whole body of a message. */
export async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Answers with a text and ends. */
export function reply(response: ServerResponse, status: number, text: string, headers = {}): void {
  response.writeHead(status, {
    'content-length': Buffer.byteLength(text),
    'content-type': 'application/xml',
    ...headers,
  });
  response.end(text);
}
