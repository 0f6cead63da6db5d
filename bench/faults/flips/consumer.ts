import type { RandomKey } from '@selfsup/kit/random';
import type { Warm } from '../warm.ts';
import type { Ended, Workspace } from '../workspace.ts';
import type { Places } from './places.ts';
import type { Target } from './targets.ts';

/** A command that reads what was flipped. */
export interface Consumer {
  readonly name: string;
  /** Files of which one is flipped. */
  targets(): Target[];
  /** Brings about that the command reads the target; before the flip. */
  ready?(target: Target, key: RandomKey): void;
  run(target: Target): Promise<Ended>;
  /** Refuses: it ends with 1, or names it on the side and goes on without. Recomputes: it ends well, with these results. */
  readonly does: 'refuse' | 'name' | 'recompute';
  /** How often a case flips for it; of those that recompute a case takes one. */
  readonly flips: number;
  /** Published folders that have to be as in a run left alone, once the command has ended and the byte was put back. */
  units(target: Target): string[];
  /** Others of which only the small files have to be so, where there are any. */
  smallFiles?(target: Target): string[];
  /** What was made of a target that ought to be refused, beyond what is in the scratch folder. */
  made?(target: Target): string[];
  /** Whether the command has replaced the flipped file. */
  readonly replaces: boolean;
  /** Puts back what `ready` took away and the command did not bring. */
  after?(target: Target): void;
}

/** What consumers are run with. `sharing` has the remote of the places. */
export interface Means {
  readonly alone: Workspace;
  readonly live: Workspace;
  readonly places: Places;
  readonly scratch: string;
  readonly warm: Warm;
  readonly sharing: Warm;
  readonly pushing: { readonly warm: Warm; readonly remote: string };
}
