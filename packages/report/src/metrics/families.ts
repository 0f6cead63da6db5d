import { distinctLayers, distinctMeasures, nameIn, type Measure, type Protocol } from './protocols.ts';

/** One protocol of a family, and the number in which it differs from the others. */
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
  readonly aside: boolean;
  /** In the order in which the evaluation lists them; the first stands for the family. */
  readonly members: readonly FamilyMember[];
  /** Of all members. */
  readonly layers: readonly string[];
  readonly measures: readonly Measure[];
}

/** The families of protocols, in order of their first appearance. */
export function familiesOf(protocols: readonly Protocol[]): ProtocolFamily[] {
  const found = new Map<string, Protocol[]>();
  for (const protocol of protocols) {
    const id = `${protocol.head}/${protocol.family?.name ?? protocol.protocol}`;
    found.set(id, [...(found.get(id) ?? []), protocol]);
  }
  return [...found.values()].map((all): ProtocolFamily => {
    const [{ head, protocol, family, aside }] = all as [Protocol];
    const several = all.length > 1;
    return {
      head,
      name: several ? (family?.name ?? protocol) : protocol,
      aside: aside === true,
      members: all.map((one) => ({ parameter: several ? (one.family?.parameter ?? '') : '', protocol: one })),
      layers: distinctLayers(all.flatMap(({ layers }) => layers)),
      measures: distinctMeasures(all.flatMap(({ measures }) => measures)),
    };
  });
}

/** Such as "knn, protocol cosine". */
export function familyTitle({ head, name }: ProtocolFamily): string {
  return `${head}, protocol ${name}`;
}

/** Every metric of a family that may be there. */
export function namesOf({ members }: ProtocolFamily): string[] {
  return members.flatMap(({ protocol }) =>
    protocol.layers.flatMap((layer) => protocol.measures.map((measure) => nameIn(protocol, layer, measure))),
  );
}
