import { sha256 } from '@selfsup/kit/files';
import { keyIn } from '../remotes/listing.ts';
import { contentPath, unsealed } from '../remotes/record.ts';
import { bytesOf, NotThere, type Remote } from '../remotes/remote.ts';

async function contentAt(remote: Remote, path: string): Promise<Buffer | undefined> {
  try {
    return await bytesOf(await remote.read(path, 0));
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}

/** How many results a reader of a remote sees. Throws unless each of them is whole, byte for byte. */
export async function wholeResults(remote: Remote): Promise<number> {
  let count = 0;
  for await (const { path } of remote.list!('results/')) {
    const text = (await contentAt(remote, path))!.toString();
    const { files, blobs } = unsealed(text, keyIn(path)!, [], path);
    for (const one of [files, ...Object.values(blobs)].flatMap((parts) => Object.values(parts))) {
      const content = await contentAt(remote, contentPath(one.sha256));
      if (content === undefined || sha256(content) !== one.sha256)
        throw new Error(`${path} is seen without ${one.sha256}`);
    }
    count += 1;
  }
  return count;
}

/** Throws unless all content of a remote is what its name says. */
export async function assertRightContent(remote: Remote): Promise<void> {
  for await (const { path } of remote.list!('blobs/')) {
    const content = await contentAt(remote, path);
    if (content !== undefined && !path.endsWith(sha256(content))) throw new Error(`${path} holds something else`);
  }
}
