import { deflateRawSync } from 'node:zlib';

/** Bytes or text as a block of a page holds them: deflated, in base64. `unpack` in the page is the way back. */
export function pack(content: Uint8Array | string): string {
  return deflateRawSync(content, { level: 9 }).toString('base64');
}
