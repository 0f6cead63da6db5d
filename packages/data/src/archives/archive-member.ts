import { refuseHuge } from '../files/file-size.ts';

/** What an archive says of one of its members. */
export interface ArchiveMember {
  /** With `/` between its parts, and inside the archive, which was checked. */
  readonly path: string;
  /** A special one is a pipe or a device; an unreadable one a file that is stored in a form of its own. */
  readonly kind: 'file' | 'folder' | 'hard link' | 'symbolic link' | 'special' | 'unreadable';
  /** Where a link leads: a hard one to a path of the archive, a symbolic one from the folder that it lies in. */
  readonly target?: string;
  /** What is special or unreadable of it. */
  readonly what?: string;
  /** Of its content. */
  readonly bytes: number;
}

/** A member as it is met: its content can be read only before the next one is asked for, and only once. */
export interface OpenMember extends ArchiveMember {
  /** Throws `UserError` for one too large for an image. */
  content(): Promise<Buffer>;
  /** Its first bytes, or all where it has no more. */
  head(length: number): Promise<Buffer>;
}

/** What is no file, in the words that the folder reader has for it. */
export const specialKinds = {
  pipe: 'a pipe, no file',
  device: 'a device, no file',
  socket: 'a socket, no file',
} as const;

/** The two ways to read a member, by one that gives its first bytes. */
export function openedAs(
  archive: string,
  path: string,
  bytes: number,
  take: (length: number) => Promise<Buffer>,
): Pick<OpenMember, 'content' | 'head'> {
  return {
    content: async () => {
      refuseHuge(archive, path, bytes);
      return take(bytes);
    },
    head: (length) => take(Math.min(length, bytes)),
  };
}
