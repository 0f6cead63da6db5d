import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { withoutMembership } from '@selfsup/engine/cluster';
import type { UserErrorDetails } from '@selfsup/kit/errors';

/** A network as a config names it. */
export interface NetworkQuestion {
  /** Its source file. */
  readonly source: string;
  /** Its own settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Where they stand, for messages. */
  readonly file: string;
  readonly field: string;
}

/** What a network says of its settings. */
export interface NetworkFacts {
  /** Why it does not take them. */
  readonly refusal?: { readonly message: string } & Pick<UserErrorDetails, 'file' | 'field' | 'remedy'>;
  /** The layers that can be probed; undefined where it takes them not, or says nothing. */
  readonly probePoints?: readonly string[];
}

/** The facts in the order of the questions, or why there are none: the engine is not set up. */
export type NetworkAnswer = { readonly facts: readonly NetworkFacts[] } | { readonly unknown: string };

/**
 * Asks networks whether they take their settings, and for the layers that can be probed. Since their files load TensorFlow,
 * this is done in a process of its own, on the CPU alone: a GPU and the memory are for the stages.
 */
export async function networkFacts(
  questions: readonly NetworkQuestion[],
  signal?: AbortSignal,
): Promise<NetworkAnswer> {
  if (questions.length === 0) return { facts: [] };
  const child = fork(fileURLToPath(new URL('./answer-of-networks.mjs', import.meta.url)), {
    env: { ...withoutMembership(process.env), SELFSUP_DEVICE: 'cpu' },
    execArgv: [], // none of this process's
    ...(signal && { signal }),
  });
  let answer: NetworkAnswer | undefined;
  child.on('message', (message) => (answer = message as NetworkAnswer));
  child.send(questions);
  await once(child, 'close');
  // It has said itself what it fell over.
  if (answer === undefined) throw new Error('The networks could not be asked about their settings');
  return answer;
}
