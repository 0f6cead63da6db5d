import type { KeyObject } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { folderRemote } from './folder-remote.ts';
import { httpsRemote } from './https-remote.ts';
import { privateKeyIn, publicKeyOf } from './record.ts';
import type { Remote } from './remote.ts';
import { usualPatience } from './retry.ts';
import { s3Remote } from './s3-remote.ts';

/** When results go to a remote. */
const pushes = ['never', 'asked', 'always'] as const;

/** One remote in `selfsup.json`. Credentials never stand there: S3's client finds them where its users keep them. */
const remoteSchema = z.strictObject({
  url: z.string().min(1).describe('A folder, s3://bucket/prefix, or https://… to read only'),
  push: z
    .enum(pushes)
    .default('asked')
    .describe('When results go there: never, when selfsup push asks, or always at the end of a stage too'),
  endpoint: z.url().optional().describe('Of what speaks S3 and is not Amazon'),
  region: z.string().optional().describe("The bucket's region; by default as the profile or the environment says"),
  signedBy: z
    .array(z.string())
    .default([])
    .describe('Public keys of ed25519, one of which must have signed what is taken from there'),
});

/** Remotes by name, in the order in which they are asked. */
export const remotesSchema = z.record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/), remoteSchema).default({});

/** A remote and what the settings allow with it. */
export interface OpenRemote {
  readonly remote: Remote;
  readonly push: (typeof pushes)[number];
  readonly signedBy: readonly KeyObject[];
}

/** All remotes that there are for this command, and the key that signs. */
export interface Remotes {
  readonly all: readonly OpenRemote[];
  readonly signWith: KeyObject | undefined;
}

const noRemotes: Remotes = { all: [], signWith: undefined };

/**
 * The remotes of the settings, none of them asked yet. In the environment SELFSUP_OFFLINE=1 or SELFSUP_REMOTE=none leaves
 * all out, SELFSUP_REMOTE=<url> takes another place for that of the first (whose keys it keeps), SELFSUP_REMOTE_PUSH is
 * when to push, and SELFSUP_SIGNING_KEY names the file of the key that signs. Throws `UserError` naming the field.
 */
export function openRemotes(root: string, settings: z.infer<typeof remotesSchema>, file: string): Remotes {
  const { SELFSUP_REMOTE: elsewhere, SELFSUP_REMOTE_PUSH: push, SELFSUP_OFFLINE: offline } = process.env;
  if (push && !pushes.includes(push as 'never')) {
    throw new UserError(`SELFSUP_REMOTE_PUSH is '${push}'`, {
      field: 'SELFSUP_REMOTE_PUSH',
      remedy: `Use one of: ${pushes.join(', ')}.`,
    });
  }
  if (offline && !['0', '1'].includes(offline)) {
    throw new UserError(`SELFSUP_OFFLINE is '${offline}'`, { field: 'SELFSUP_OFFLINE', remedy: 'Use 0 or 1.' });
  }
  const declared = Object.entries(settings);
  const [name, first] = declared[0] ?? ['environment', remoteSchema.parse({ url: '-' })];
  const chosen =
    elsewhere && elsewhere !== 'none'
      ? [[name, { ...first, url: elsewhere }] as const, ...declared.slice(1)]
      : declared;
  const all = chosen.map(([called, one]): OpenRemote => {
    const field = elsewhere && called === name ? 'SELFSUP_REMOTE' : `remotes.${called}.url`;
    const remote = open(root, called, one, { file, field });
    const signedBy = one.signedBy.map((text, i) =>
      publicKeyOf(text, { file, field: `remotes.${called}.signedBy.${i}` }),
    );
    return { remote, signedBy, push: remote.write === undefined ? 'never' : ((push || one.push) as 'never') };
  });
  if (elsewhere === 'none' || offline === '1') return noRemotes;
  const keyFile = process.env['SELFSUP_SIGNING_KEY'];
  return { all, signWith: keyFile && all.length > 0 ? privateKeyIn(resolve(root, keyFile)) : undefined };
}

function open(
  root: string,
  name: string,
  { url, endpoint, region }: z.infer<typeof remoteSchema>,
  where: { file: string; field: string },
): Remote {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file') refuseUnfit(url, where);
  if (scheme === 's3') return s3Remote(name, url, { endpoint, region }, usualPatience.stall);
  if (scheme === 'https' || scheme === 'http') return httpsRemote(name, url, usualPatience.stall);
  if (scheme === 'file') return folderRemote(name, fileURLToPath(url));
  if (scheme === undefined) return folderRemote(name, isAbsolute(url) ? url : resolve(root, url));
  throw new UserError(`No remote is known that begins with ${scheme}://`, {
    ...where,
    remedy: 'Give a folder, s3://bucket/prefix or https://…',
  });
}

/** Throws `UserError` for what is no URL, and for one that holds a password, which would lie in the repository and in logs. */
function refuseUnfit(url: string, where: { file: string; field: string }): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === '') {
    throw new UserError(`'${url}' is no place of a remote`, {
      ...where,
      remedy: 'Give s3://bucket/prefix or https://host/path.',
    });
  }
  if (parsed.username === '' && parsed.password === '') return;
  throw new UserError('The place of a remote holds a name or a password', {
    ...where,
    remedy: "Leave it out. S3's client finds credentials in the environment, a profile or the role of the machine.",
  });
}
