import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { archiveMembers, isArchive } from '../../archives/archive.ts';
import { download } from '../../files/download.ts';
import { treeFingerprint } from '../../files/file-tree.ts';
import { givenPath, inDataFolder } from '../../files/named-files.ts';
import type { FoundSource, Look, SourceContext, SourceReading } from '../../source.ts';
import { isBatchOf, openBatches } from './batches.ts';
import { readBinaryBatch } from './binary.ts';
import type { CifarArchive, CifarKind } from './kind.ts';
import { readPythonBatch } from './python.ts';
import { isTreeImage, openTree } from './tree.ts';

const home = 'https://www.cs.toronto.edu/~kriz/';

/** What both CIFAR sources may be told. */
export const cifarFields = {
  /**
   * An official archive (binary or Python version), a folder of its extracted files, a folder with
   * train/<class>/*.jpg and test/…, or a tar, tar.gz, tar.xz or zip of such a folder.
   */
  path: z.string().optional(),
  /** Whether to fetch the official binary archive where no file is found; true by default. */
  download: z.boolean().default(true),
  /** Another address of that archive, such as a mirror of one's own. */
  url: z.url().optional(),
};

/** A form in which CIFAR comes. */
interface Form {
  readonly words: string;
  readonly keep: (path: string) => boolean;
  open(path: string): Promise<SourceReading>;
}

function formsOf(kind: CifarKind): Form[] {
  const batches = (archive: CifarArchive, words: string, read: typeof readBinaryBatch): Form => ({
    words: `${kind.title}, official ${words} version`,
    keep: isBatchOf(archive),
    open: (path) => openBatches(path, archive, kind, (content, name) => read(content, name, kind)),
  });
  return [
    batches(kind.binary, 'binary', readBinaryBatch),
    batches(kind.python, 'Python', readPythonBatch),
    {
      words: `${kind.title} as a tree of image files`,
      keep: isTreeImage,
      open: (path) => openTree(path, kind.classes),
    },
  ];
}

/** The form of what lies at a path: that of the first file in it which belongs to one. */
async function formAt(path: string, kind: CifarKind): Promise<{ form: Form; at: string }> {
  const forms = formsOf(kind);
  const tree = forms.at(-1)!;
  if ((await stat(path)).isDirectory()) {
    for (const [i, archive] of [kind.binary, kind.python].entries()) {
      for (const folder of [path, join(path, archive.folder)]) {
        const names = await readdir(folder).catch(() => []);
        if (names.some((name) => forms[i]!.keep(name) && name.includes('.') === archive.batches[0]![0].includes('.'))) {
          const isFile = await Promise.all(
            names.filter(forms[i]!.keep).map(async (name) => (await stat(join(folder, name))).isFile()),
          );
          if (isFile.includes(true)) return { form: forms[i]!, at: folder };
        }
      }
    }
    return { form: tree, at: path };
  }
  if (!isArchive(path)) {
    throw new UserError(`Not a form in which ${kind.title} comes`, {
      file: path,
      field: 'path',
      remedy: `Give ${kind.binary.name}, ${kind.python.name}, a folder of their files, or a train/<class>/*.jpg tree or a tar of it.`,
    });
  }
  for await (const member of archiveMembers(path)) {
    const form = forms.find(({ keep }) => keep(member.path));
    if (form !== undefined) return { form, at: path };
  }
  return { form: tree, at: path };
}

async function found(
  path: string,
  kind: CifarKind,
  settings: Readonly<Record<string, unknown>>,
  context: SourceContext,
): Promise<FoundSource> {
  const { form, at } = await formAt(path, kind);
  return {
    chosen: form.words,
    route: at,
    settings,
    fingerprint: await treeFingerprint(at, context, form.keep),
    open: () => form.open(at),
  };
}

/** Looks for a CIFAR dataset: at the given path, in SELFSUP_DATA, then at the official address. See `Source.look`. */
export async function lookForCifar(
  kind: CifarKind,
  config: { readonly path?: string | undefined; readonly download: boolean; readonly url?: string | undefined },
  settings: Readonly<Record<string, unknown>>,
  context: SourceContext,
): Promise<Look> {
  const { binary, python } = kind;
  const names = [binary.name, binary.folder, python.name, python.folder, ...kind.treeNames];
  const path = config.path === undefined ? inDataFolder(names, context) : givenPath(config.path, context);
  if (path !== undefined) return { found: await found(path, kind, settings, context) };
  const remedy =
    `Put ${binary.name} (${home}${binary.name}) or ${kind.treeNames[0]} into the folder that SELFSUP_DATA names, ` +
    'or give its path.';
  if (!config.download) return { missing: 'no file of it in SELFSUP_DATA, and downloading is off', remedy };
  const to = join(context.cacheFolder, 'downloads', kind.treeNames.at(-1)!, binary.name);
  const fetched = await download({ url: config.url ?? `${home}${binary.name}`, to, md5: binary.md5, context });
  if ('failed' in fetched) return { missing: `no file of it in SELFSUP_DATA; ${fetched.failed}`, remedy };
  return { found: await found(to, kind, settings, context) };
}
