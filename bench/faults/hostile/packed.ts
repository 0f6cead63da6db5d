import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import type { Shaped } from '../mutate.ts';

/** Seeds of an archive in a packing and what changes them: mostly what is packed, which is then packed anew. */
export function packedAs(
  ending: 'tar' | 'tar.gz' | 'tar.xz' | 'zip',
  inner: Buffer,
  changed: Shaped,
): { readonly seeds: readonly Buffer[]; readonly shaped: Shaped } {
  if (ending === 'tar' || ending === 'zip') return { seeds: [inner], shaped: changed };
  const pack = (bytes: Buffer): Buffer =>
    ending === 'tar.gz' ? gzipSync(bytes, { level: 1 }) : execFileSync('xz', ['-0', '-c'], { input: bytes });
  // Changes add up only where they meet the seed of this packing again: what was packed before is kept beside it.
  const unpacked = new WeakMap<Buffer, Buffer>();
  const seed = pack(inner);
  unpacked.set(seed, inner);
  return {
    seeds: [seed],
    shaped: (bytes, draws) => {
      const tar = changed(unpacked.get(bytes) ?? inner, draws);
      const packed = pack(tar);
      unpacked.set(packed, tar);
      return packed;
    },
  };
}
