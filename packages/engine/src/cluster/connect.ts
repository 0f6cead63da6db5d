// @no-effect-on-results
// Has effects when imported, before any tensor is made: lets TensorFlow compute with that of other processes, where this is
// one of several.
import { UserError } from '@selfsup/kit/errors';
import { tf } from '../ops/tfjs.mjs';
import { cluster } from './joined.ts';

/** What our sources add to the addon (compiled-step/native/step_functions.cc). */
interface CollectiveBinding {
  enableCollectives?(server: string, connections: readonly number[]): void;
  leaveAtOnce?(code: number): never;
}

/** TensorFlow's description of the servers, as text. */
function serverOf(addresses: readonly string[], rank: number): string {
  const tasks = addresses.map((address, i) => `tasks { key: ${i} value: "${address}" }`).join(' ');
  const leader = 'collective_group_leader: "/job:worker/replica:0/task:0"';
  return (
    `cluster { job { name: "worker" ${tasks} } } job_name: "worker" task_index: ${rank} protocol: "grpc" ` +
    `default_session_config { experimental { ${leader} } }`
  );
}

const joined = cluster();
if (joined !== undefined) {
  const { binding } = tf.backend() as unknown as { readonly binding: CollectiveBinding };
  if (binding.enableCollectives === undefined || binding.leaveAtOnce === undefined) {
    throw new UserError('The engine cannot compute with other processes', { remedy: 'Run npx nx run engine:setup.' });
  }
  // What `process.exit` ends with once all listeners have been told: TensorFlow's destructors would break what its threads still
  // use. It stays when others, such as execa, put Node's own back.
  const leave = (code?: number | string | null): never => binding.leaveAtOnce!(Number(code ?? 0));
  Object.defineProperty(process, 'reallyExit', { get: () => leave, set: () => undefined, configurable: true });
  const { descriptors } = joined;
  try {
    binding.enableCollectives(serverOf(joined.addresses, joined.rank), descriptors);
  } catch (cause) {
    throw new UserError(`TensorFlow cannot listen at ${joined.addresses[joined.rank]}: ${(cause as Error).message}`, {
      remedy: 'Run the same command again: another port is chosen each time.',
      cause,
    });
  }
}
