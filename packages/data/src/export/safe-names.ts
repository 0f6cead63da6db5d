/** Names that Windows keeps for devices, with any ending. */
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
/** File systems take 255 bytes; the rest is for a number in front and endings. */
const mostBytes = 200;

/** A name that every file system takes: signs that some do not take are `_`, a long one is cut. */
export function safeName(name: string): string {
  const plain = name.normalize('NFC').replaceAll(/[^\p{L}\p{N}\p{M}._ -]+/gu, '_');
  const short = cut(plain, mostBytes).replaceAll(/^[. ]+|[. ]+$/g, '_') || '_';
  return devices.test(short) ? `_${short}` : short;
}

/** The start of a text that has at most so many bytes as UTF-8; no sign is cut in two. */
function cut(text: string, bytes: number): string {
  let length = 0;
  let end = 0;
  for (const sign of text) {
    length += Buffer.byteLength(sign);
    if (length > bytes) break;
    end += sign.length;
  }
  return text.slice(0, end);
}

/**
 * A safe name for each of `names`, all of which a file system keeps apart that does not tell small letters from capitals: `C#`
 * and `C++` become `C_` and `C_ (2)`. Names that are safe as they are keep them.
 */
export function safeNames(names: readonly string[]): string[] {
  const key = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase();
  const taken = new Set<string>();
  const given = new Map<number, string>();
  const give = (i: number, wanted: string): void => {
    let name = wanted;
    for (let n = 2; taken.has(key(name)); n++) name = `${wanted} (${n})`;
    taken.add(key(name));
    given.set(i, name);
  };
  const order = names.map((name, i) => ({ i, name, safe: safeName(name) }));
  for (const { i, safe } of order.filter(({ name, safe }) => name === safe)) give(i, safe);
  for (const { i, safe } of order.filter(({ name, safe }) => name !== safe)) give(i, safe);
  return names.map((_, i) => given.get(i)!);
}
