import { metricOf, type Protocol } from './protocols.ts';

/** One protocol of a family, and the number that tells it from the others. */
export interface FamilyMember {
  /** Such as `k = 10` or `power 2`; empty for the only member of a family. */
  readonly parameter: string;
  readonly protocol: Protocol;
}

/**
 * Protocols that are the same but for a number: `knn/cosine-k1` and `knn/cosine-k10`. Most families are of one protocol.
 */
export interface ProtocolFamily {
  readonly head: string;
  /** Of the protocol, without the number. */
  readonly name: string;
  /** In the order in which the evaluation lists them; the first stands for the family. */
  readonly members: readonly FamilyMember[];
  /** Of all members. */
  readonly layers: readonly string[];
  readonly measures: readonly string[];
}

/** The families of protocols, in order of their first appearance. */
export function familiesOf(protocols: readonly Protocol[]): ProtocolFamily[] {
  const found = new Map<string, { name: string; parameter: string; protocol: Protocol }[]>();
  for (const protocol of protocols) {
    const [, stem, k, number] = /^(.+)-(k?)(\d+)$/.exec(protocol.protocol) ?? [];
    const name = stem ?? protocol.protocol;
    const parameter = number === undefined ? '' : `${k === 'k' ? 'k =' : name.split('-').at(-1)} ${number}`;
    const id = `${protocol.head}/${name}`;
    found.set(id, [...(found.get(id) ?? []), { name, parameter, protocol }]);
  }
  return [...found.values()].map((all): ProtocolFamily => {
    const [first] = all as [(typeof all)[number]];
    const layers = [...new Set(all.flatMap(({ protocol }) => protocol.layers))];
    return {
      head: first.protocol.head,
      name: all.length > 1 ? first.name : first.protocol.protocol,
      members: all.map(({ parameter, protocol }) => ({ parameter: all.length > 1 ? parameter : '', protocol })),
      layers: layers.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
      measures: [...new Set(all.flatMap(({ protocol }) => protocol.measures))],
    };
  });
}

/** Such as "knn, protocol cosine". */
export function familyTitle({ head, name }: ProtocolFamily): string {
  return `${head}, protocol ${name}`;
}

/** Every metric of a family that may be there. */
export function metricsOf({ members }: ProtocolFamily): string[] {
  return members.flatMap(({ protocol }) =>
    protocol.layers.flatMap((layer) => protocol.measures.map((measure) => metricOf(protocol, layer, measure))),
  );
}

/** A measure in words: `top1-best` is "top-1, best epoch", `precision-at-5` "precision at 5". */
export function measureTitle(measure: string): string {
  return measure
    .replace(/^top(\d)/, 'top-$1')
    .replace(/-best$/, ', best epoch')
    .replaceAll('-at-', ' at ');
}
