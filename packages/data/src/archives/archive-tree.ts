import { UserError } from '@selfsup/kit/errors';
import type { NotRead } from '../files/passed-over.ts';
import type { ArchiveMember } from './archive-member.ts';
import { leadsToRoot } from './archive-path.ts';

/** The files that unpacking an archive would give, links followed as `filesBelow` does in a folder. */
export interface ArchiveTree {
  /** Each path with the place of the member that holds its content: several paths may have one. Sorted by path. */
  readonly files: readonly { readonly path: string; readonly member: number }[];
  /** Links that lead nowhere, out of the archive or in a circle, and files stored in a form that is not read. */
  readonly unreadable: readonly NotRead[];
  /** Pipes, devices, links to a folder around them. */
  readonly passedOver: readonly NotRead[];
  /** Paths that stand in the archive more than once: the last counts, as tar and unzip have it. */
  readonly repeated: readonly string[];
}

/** What lies at a path: a member (a hard link shares that of its file), at whose place in the archive. */
interface Node {
  readonly member: ArchiveMember;
  readonly place: number;
}

/** As Linux has it: a link that goes over more links is taken for a circle. */
const mostLinks = 40;
/** More files by way of links to folders, for each member, are made to fill memory. */
const mostPathsPerMember = 1000;

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** Lays out the members of an archive, in their order, as unpacking them does. Throws `UserError` for links made to fill memory. */
export function archiveTree(members: readonly ArchiveMember[], archive: string): ArchiveTree {
  const nodes = new Map<string, Node>();
  const children = new Map<string, Set<string>>([['', new Set()]]);
  const repeated = new Set<string>();
  let links = 0;

  const addFolder = (path: string): void => {
    for (let at = path; at !== '' && !children.has(at); at = parentOf(at)) children.set(at, new Set());
    for (let at = path; at !== ''; at = parentOf(at))
      children.get(parentOf(at))!.add(at.slice(at.lastIndexOf('/') + 1));
  };

  /** Where a path really lies when the links on its way are followed, or why nowhere. */
  const follow = (path: string): { readonly path: string } | { readonly why: string } => {
    let hops = 0;
    let at = '';
    const rest = path.split('/').reverse();
    while (rest.length > 0) {
      const part = rest.pop()!;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (at === '') return { why: 'a link that leads out of the archive' };
        at = parentOf(at);
        continue;
      }
      const next = joined(at, part);
      const { member } = nodes.get(next) ?? {};
      if (member?.kind !== 'symbolic link') {
        at = next;
        continue;
      }
      if (++hops > mostLinks) return { why: 'a link that leads in a circle' };
      if (leadsToRoot(member.target!)) return { why: 'a link that leads out of the archive' };
      rest.push(...member.target!.split('/').reverse());
    }
    return { path: at };
  };

  members.forEach((member, place) => {
    if (member.path === '') return; // the root
    // A member below a link to a folder lies in that folder.
    const parent = links === 0 ? undefined : follow(parentOf(member.path));
    const path =
      parent !== undefined && 'path' in parent
        ? joined(parent.path, member.path.slice(member.path.lastIndexOf('/') + 1))
        : member.path;
    if (member.kind === 'folder') {
      nodes.delete(path);
      addFolder(path);
      return;
    }
    let node: Node = { member, place };
    if (member.kind === 'hard link') {
      // It shares what its file is now, whatever takes the file's name later.
      const target = follow(parentOf(member.target!));
      const name = member.target!.replace(/\/+$/, '').split('/').at(-1)!;
      const shared = 'path' in target ? nodes.get(joined(target.path, name)) : undefined;
      node = shared ?? { place, member: { ...member, kind: 'unreadable', what: 'a link that leads nowhere' } };
    }
    const before = nodes.get(path);
    if (before !== undefined && before.place !== node.place) repeated.add(path);
    if (node.member.kind === 'symbolic link') links++;
    nodes.set(path, node);
    addFolder(parentOf(path));
    children.get(parentOf(path))!.add(path.slice(path.lastIndexOf('/') + 1));
  });

  const files: { path: string; member: number }[] = [];
  const unreadable: NotRead[] = [];
  const passedOver: NotRead[] = [];
  const most = 1e5 + mostPathsPerMember * members.length;

  const visitNode = (path: string, { member, place }: Node): void => {
    if (member.kind === 'file') files.push({ path, member: place });
    else if (member.kind === 'special') passedOver.push({ path, reason: member.what! });
    else unreadable.push({ path, reason: member.what! });
    if (files.length > most) {
      throw new UserError('The archive has links to folders that hold each other many times over', {
        file: archive,
        remedy: 'Do not use this archive: it is made to fill memory.',
      });
    }
  };
  const visit = (shown: string, real: string, around: readonly string[]): void => {
    if (children.get(real)!.size === 0 && shown !== '')
      passedOver.push({ path: `${shown}/`, reason: 'an empty folder' });
    for (const name of children.get(real)!) {
      const [path, here] = [joined(shown, name), joined(real, name)];
      const node = nodes.get(here);
      if (node === undefined) {
        visit(path, here, around);
      } else if (node.member.kind !== 'symbolic link') visitNode(path, node);
      else {
        const end = follow(here);
        const target = 'path' in end ? nodes.get(end.path) : undefined;
        if ('why' in end) unreadable.push({ path, reason: end.why });
        else if (target !== undefined) visitNode(path, target);
        else if (!children.has(end.path)) unreadable.push({ path, reason: 'a link that leads nowhere' });
        else if ([...around, real].some((one) => end.path === '' || `${one}/`.startsWith(`${end.path}/`))) {
          passedOver.push({ path, reason: 'a link to a folder around it' });
        } else visit(path, end.path, [...around, real]);
      }
    }
  };
  visit('', '', []);
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { files, unreadable, passedOver, repeated: [...repeated] };
}
