import { sha256 } from '@selfsup/kit/files';
import type { Declaration } from './program.ts';
import type { Reference, Written } from './written.ts';

/** Hashes of declarations, each over all that it reaches. */
export interface Merkle {
  /** The hash of a declaration that was asked for or is reached from one. */
  hashOf(declaration: Declaration): string;
  /** All that were reached so far. */
  reached(): ReadonlyMap<Declaration, Written>;
}

/**
 * Hashes declarations by their text and the hashes of what they name, so that neither names nor places nor order count;
 * those that name each other in a circle are hashed together. `outside` gives the text for what is no declaration to be
 * followed, undefined for one that is.
 */
export function merkle(
  write: (declaration: Declaration) => Written,
  outside: (reference: Reference) => string | undefined,
): Merkle {
  const texts = new Map<Declaration, Written>();
  const hashes = new Map<Declaration, string>();
  const index = new Map<Declaration, number>();
  const lowest = new Map<Declaration, number>();
  const stack: Declaration[] = [];

  const named = ({ declaration, name }: Extract<Reference, { kind: 'declared' }>, hash: string): string =>
    declaration.names.length > 1 ? `${hash}.${declaration.names.indexOf(name)}` : hash;

  const textOf = (declaration: Declaration, withinCircle: (other: Declaration) => string): string =>
    texts
      .get(declaration)!
      .map((piece) => {
        if (typeof piece === 'string') return piece;
        const known = outside(piece);
        if (known !== undefined) return `<${known}>`;
        const { declaration: other } = piece as Extract<Reference, { kind: 'declared' }>;
        return `<${named(piece as Extract<Reference, { kind: 'declared' }>, hashes.get(other) ?? withinCircle(other))}>`;
      })
      .join('');

  // Tarjan's strongly connected components.
  const visit = (declaration: Declaration): void => {
    index.set(declaration, index.size);
    lowest.set(declaration, index.get(declaration)!);
    stack.push(declaration);
    const written = write(declaration);
    texts.set(declaration, written);
    for (const piece of written) {
      if (typeof piece === 'string' || piece.kind !== 'declared' || outside(piece) !== undefined) continue;
      const other = piece.declaration;
      if (hashes.has(other)) continue;
      if (!index.has(other)) visit(other);
      lowest.set(declaration, Math.min(lowest.get(declaration)!, lowest.get(other)!));
    }
    if (lowest.get(declaration) === index.get(declaration)) close(declaration);
  };

  const close = (first: Declaration): void => {
    const circle = stack.splice(stack.indexOf(first));
    const alone = new Map(circle.map((member) => [member, sha256(textOf(member, () => 'circle'))]));
    if (circle.length === 1) {
      hashes.set(first, alone.get(first)!);
      return;
    }
    const all = circle.map((member) => sha256(textOf(member, (other) => alone.get(other)!))).sort();
    const together = sha256(all.join(' '));
    for (const member of circle) hashes.set(member, sha256(`${together} ${alone.get(member)}`));
  };

  return {
    hashOf(declaration) {
      if (!hashes.has(declaration)) visit(declaration);
      return hashes.get(declaration)!;
    },
    reached: () => texts,
  };
}
