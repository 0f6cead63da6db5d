import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { NotThere, Refused, type Remote } from './remote.ts';

/** Results behind any web server, to be read only. */
export function httpsRemote(name: string, url: string, stall: number): Remote {
  const base = url.replace(/\/+$/, '');
  const ask = async (path: string, method: string, from: number, signal?: AbortSignal): Promise<Response> => {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(new Error(`no answer for ${stall / 1000} s`)), stall);
    try {
      const response = await fetch(`${base}/${path.split('/').map(encodeURIComponent).join('/')}`, {
        method,
        headers: { 'accept-encoding': 'identity', ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
        signal: AbortSignal.any([waiting.signal, ...(signal === undefined ? [] : [signal])]),
      });
      if (response.ok) return response;
      await response.body?.cancel();
      const { status, statusText } = response;
      if (status === 404 || status === 410) throw new NotThere(path, { url });
      const answer = `${status} ${statusText}`;
      throw [401, 403, 405].includes(status) ? new Refused(answer) : new Error(answer);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    name,
    url,
    async size(path, signal) {
      try {
        return (
          bytesSaid(await ask(path, 'HEAD', 0, signal)) ??
          // Some servers say it only of what they send.
          (await bytesSent(await ask(path, 'GET', 0, signal)))
        );
      } catch (error) {
        if (error instanceof NotThere) return undefined;
        throw error;
      }
    },
    async read(path, from, signal) {
      const response = await ask(path, 'GET', from, signal);
      const body = Readable.fromWeb(response.body as ReadableStream);
      // Some servers know no ranges: what is here already is read once more and passed over.
      if (from > 0 && response.status !== 206) return Readable.from(after(body, from));
      return body;
    },
  };
}

function bytesSaid({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  return length === null ? undefined : Number(length);
}

async function bytesSent(response: Response): Promise<number> {
  const said = bytesSaid(response);
  let bytes = 0;
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    // Leaving the loop ends the transfer.
    if (said !== undefined) return said;
    bytes += chunk.length;
  }
  return bytes;
}

async function* after(stream: Readable, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of stream) {
    const rest = (chunk as Buffer).subarray(Math.min(left, (chunk as Buffer).length));
    left -= (chunk as Buffer).length - rest.length;
    if (rest.length > 0) yield rest;
  }
}
