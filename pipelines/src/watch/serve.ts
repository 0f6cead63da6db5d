import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const headers = {
  'content-type': 'text/html; charset=utf-8',
  // The page needs its own style sheet, its own pictures, and nothing else.
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Serves one page on this machine's loopback, made anew whenever it is asked for. It answers nothing but that, and nobody who
 * calls this machine by another name than the loopback's: a page from elsewhere could have led a browser here.
 *
 * @param port 0 for any that is free
 */
export async function servePage(
  page: () => Promise<string>,
  port: number,
): Promise<{ address: string; server: Server }> {
  const server = createServer((request, response) => void answer(page, request, response));
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', done);
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

async function answer(page: () => Promise<string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const end = (status: number, text: string): void => {
    response.writeHead(status, headers).end(text);
  };
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) return end(403, 'Not under this name.\n');
  if (request.method !== 'GET') return end(405, 'This only reads.\n');
  if (request.url !== '/') return end(404, 'There is one page here: /\n');
  try {
    end(200, await page());
  } catch (error) {
    end(500, `${(error as Error).message}\n`);
  }
}
