import { UserError } from '@selfsup/kit/errors';
import type { Experiment } from './experiment.ts';

/** The stage that a command was given; throws `UserError` with those there are where it was given none. */
export function stageArgument(experiment: Experiment, stage: string | undefined): string {
  if (stage !== undefined) return stage;
  const stages = Object.keys(experiment.variants[0]!.stages).join(', ');
  throw new UserError(`Which stage of ${experiment.name}?`, {
    field: 'stage',
    remedy: `Name one of these: ${stages}.`,
  });
}
