import { pathToFileURL } from 'node:url';
import type { ZodType } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { parseOrExplain } from '@selfsup/kit/parse';
import type { NetworkAnswer, NetworkFacts, NetworkQuestion } from './network-facts.ts';

/** What is asked of a network's default export. */
interface AskedNetwork {
  readonly schema?: ZodType;
  probePoints?(config: unknown): string[];
}

/** Loads the networks, and with them TensorFlow, and answers what `networkFacts` asks. */
export async function answerOf(questions: readonly NetworkQuestion[]): Promise<NetworkAnswer> {
  const facts: NetworkFacts[] = [];
  for (const question of questions) {
    let network: AskedNetwork;
    try {
      network = ((await import(pathToFileURL(question.source).href)) as { default: AskedNetwork }).default;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { unknown: error.message };
    }
    facts.push(factsOf(network, question));
  }
  return { facts };
}

function factsOf(network: AskedNetwork, { settings, file, field }: NetworkQuestion): NetworkFacts {
  if (network.schema === undefined) return {};
  try {
    const config = parseOrExplain(network.schema, settings, file, field);
    const probePoints = network.probePoints?.(config);
    return probePoints === undefined ? {} : { probePoints };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, remedy } = error;
    return { refusal: { message, file, field: error.field, remedy } };
  }
}
