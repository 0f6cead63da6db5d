// @no-effect-on-results
export { fromFirst, inTurns, type Turn } from './in-turns.ts';
export { batchShare, cluster, Dismissed, joinCluster, ProcessLost, type Cluster } from './joined.ts';
export { membershipOf, withoutMembership } from './membership.ts';
export type { Message } from './message-line.ts';
export { freePort } from './rendezvous.ts';
export { shieldVariables } from './shield.ts';
