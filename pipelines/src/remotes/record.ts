import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { NotThere, type Remote } from './remote.ts';
import { usualPatience, watched, withRetries, type Trying } from './retry.ts';

/** Version of the layout of a remote; one that is newer is not read. */
const recordSchemaVersion = 1;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const file = z.strictObject({ sha256: digest, bytes: z.number().int().nonnegative() });
/** No way out of the folder that files are put into. */
const safeName = z.string().refine((name) => !name.split(/[\\/]/).some((part) => ['', '.', '..'].includes(part)));

const recordSchema = z.strictObject({
  schema: z.literal(recordSchemaVersion),
  key: digest,
  outputDigest: digest,
  /** What it is the result of, for people: `toy/base/seed-1/pretrain`, `data/few`. */
  label: z.string(),
  computed: z.strictObject({ host: z.string(), finished: z.string() }),
  places: z.array(z.record(z.string(), z.string())),
  /** Files of the published folder, the manifest among them. */
  files: z.record(safeName, file),
  /** Digest of a blob to its files; one that is a file itself has it under the name ''. */
  blobs: z.record(digest, z.record(z.union([z.literal(''), safeName]), file)),
});

/** What a remote says of a result: names and digests of all that it consists of. It is written last. */
export type ResultRecord = z.infer<typeof recordSchema>;
export type FileRef = z.infer<typeof file>;

const sealedSchema = z.object({ record: z.unknown(), seal: digest, signature: z.string().optional() });

/** What a remote has of a result is not what it should be: torn, altered, unsigned, of a newer version, not all there. */
export class RefusedResult extends UserError {}

/** So that it may have been damaged on its way here. */
class DamagedRecord extends RefusedResult {}

/** What to do about something that lies wrong in a remote. */
export const pushAgain = 'Remove it from the remote, and push its result again from where it was computed.';

/** Where an object of this content lies. */
export function contentPath(sha: string): string {
  return `blobs/sha256/${sha.slice(0, 2)}/${sha}`;
}

/** Where what is said of the result of a key lies. */
export function recordPath(key: string): string {
  return `results/${key.slice(0, 2)}/${key}.json`;
}

/** The record as an object of a remote: with its digest, and signed by the key where there is one. */
export function sealed(record: ResultRecord, signWith?: KeyObject): string {
  const seal = sha256(canonicalJson(record));
  const signature = signWith && sign(null, Buffer.from(seal, 'hex'), signWith).toString('base64');
  return `${JSON.stringify({ record, seal, ...(signature === undefined ? {} : { signature }) }, null, 2)}\n`;
}

/**
 * Reads what `sealed` wrote. Throws `RefusedResult` where it is torn, altered, of another version or key, or where
 * `signedBy` names keys and none of them has signed it.
 */
export function unsealed(text: string, key: string, signedBy: readonly KeyObject[], where: string): ResultRecord {
  const refuse = (why: string, remedy = pushAgain, Kind = RefusedResult): RefusedResult =>
    new Kind(`A result is refused: ${why}`, { file: where, remedy });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw refuse('what the remote says of it is torn', pushAgain, DamagedRecord);
  }
  const { data: outer } = sealedSchema.safeParse(content);
  const version = (outer?.record as { schema?: unknown } | undefined)?.schema;
  if (typeof version === 'number' && version > recordSchemaVersion) {
    throw refuse(`it is of layout ${version}, of a newer Selfsup`, 'Use that version.');
  }
  const { data: record } = recordSchema.safeParse(outer?.record);
  if (outer === undefined || record === undefined)
    throw refuse('what the remote says of it is no record', pushAgain, DamagedRecord);
  if (sha256(canonicalJson(outer.record)) !== outer.seal)
    throw refuse('its record was altered', pushAgain, DamagedRecord);
  if (record.key !== key) throw refuse(`it is the result of another key, ${record.key}`);
  if (signedBy.length === 0) return record;
  if (outer.signature === undefined) throw refuse('it is not signed, and the settings name who has to');
  const signature = Buffer.from(outer.signature, 'base64');
  const message = Buffer.from(outer.seal, 'hex');
  if (signedBy.some((one) => verify(null, message, one, signature))) return record;
  throw refuse('none of the keys that the settings name has signed it', pushAgain, DamagedRecord);
}

/** What a remote says of the result of a key; undefined where it has none. Throws as `unsealed` and `withRetries` do. */
export async function readRecord(
  remote: Remote,
  key: string,
  signedBy: readonly KeyObject[],
  trying: Trying,
): Promise<ResultRecord | undefined> {
  const path = recordPath(key);
  let torn = 0;
  try {
    return await withRetries(remote, trying, async (signal) => {
      const { stall } = trying.patience ?? usualPatience;
      const chunks: Buffer[] = [];
      for await (const chunk of watched(await remote.read(path, 0, signal), stall)) chunks.push(chunk);
      try {
        return unsealed(Buffer.concat(chunks).toString('utf8'), key, signedBy, `${remote.url}/${path}`);
      } catch (error) {
        if (!(error instanceof DamagedRecord) || ++torn === 3) throw error;
        throw new Error(error.message, { cause: error });
      }
    });
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}

/** A public key of ed25519 as settings have it: the one line between the marks of a PEM file. Throws `UserError`. */
export function publicKeyOf(text: string, where: { file: string; field: string }): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // As where it is of another kind.
  }
  throw new UserError('This is no public key of ed25519', {
    ...where,
    remedy: 'Give the one line between the marks of what this prints: openssl pkey -pubout -in key.pem',
  });
}

/** The private key in a PEM file. Throws `UserError`. */
export function privateKeyIn(path: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // As where it is of another kind.
  }
  throw new UserError('This is no private key of ed25519', {
    file: path,
    field: 'SELFSUP_SIGNING_KEY',
    remedy: 'Make one: openssl genpkey -algorithm ed25519 -out key.pem',
  });
}

/** A key, or the public one of a private key, as settings have it. */
export function publicText(key: KeyObject): string {
  return (key.type === 'private' ? createPublicKey(key) : key)
    .export({ format: 'der', type: 'spki' })
    .toString('base64');
}
