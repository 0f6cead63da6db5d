import { UserError } from '@selfsup/kit/errors';
import { canonicalJson } from '@selfsup/kit/files';
import { codeKey } from '../keys/code-key/code-key.ts';
import type { Session } from '../run/session.ts';
import { checkLayers, type KnownStage } from './check-layers.ts';
import { blameOverride, type Experiment, type Variant } from './experiment.ts';
import { networkFacts, type NetworkFacts, type NetworkQuestion } from './network-facts.ts';
import { networksNamed, partFile, takesAnyLayer } from './parts.ts';
import { stagesOf } from './stages.ts';

/** The stages of a variant with their checked configs. */
interface CheckedVariant {
  readonly experiment: Experiment;
  readonly variant: Variant;
  readonly stages: readonly Omit<KnownStage, 'probePoints'>[];
}

/**
 * Checks every stage of every variant by the part's own schema, that its code can be read (the keys of it are kept for the
 * processes that decide on the stages), that networks take their settings, and that layers are there which are asked for. Loads
 * all modules, so it takes a moment. Throws `UserError` naming file and field, or the override that has brought it in.
 */
export async function checkStages(session: Session, experiments: Iterable<Experiment>): Promise<void> {
  const variants: CheckedVariant[] = [];
  for (const experiment of experiments) {
    for (const variant of experiment.variants) {
      const stages = await blamed({ experiment, variant }, () => checkedStages(session, experiment, variant));
      variants.push({ experiment, variant, stages });
    }
  }
  const factsOf = await askNetworks(session, variants);
  for (const { experiment, variant, stages } of variants) {
    await blamed({ experiment, variant }, () => {
      const known = stages.map((one) => withNetwork(session, experiment, one, factsOf));
      const byFolder = new Map(known.map((one) => [one.stage.folder, one]));
      for (const one of known) checkLayers(one, ({ folder }) => byFolder.get(folder), experiment.file);
    });
  }
}

async function checkedStages(
  session: Session,
  experiment: Experiment,
  { name }: Variant,
): Promise<CheckedVariant['stages']> {
  const { workspace } = session;
  const checked: Omit<KnownStage, 'probePoints'>[] = [];
  for (const stage of stagesOf(session, experiment, { variant: name, seed: 0 })) {
    const { parts, config } = await stage.prepare(session);
    await codeKey(workspace, [stage.root, ...parts.map((part) => partFile(workspace, part))]);
    const anyLayer = await takesAnyLayer(workspace, stage.uses);
    checked.push({ stage, config: config as KnownStage['config'], takesAnyLayer: anyLayer });
  }
  return checked;
}

/** What networks say of the settings that stages give them; nothing where the engine is not set up, which is told. */
async function askNetworks(
  session: Session,
  variants: readonly CheckedVariant[],
): Promise<(question: NetworkQuestion) => NetworkFacts | undefined> {
  const questions = new Map<string, NetworkQuestion>();
  for (const { experiment, stages } of variants) {
    for (const one of stages)
      for (const { question } of questionsOf(session, experiment, one))
        questions.set(canonicalJson(question), question);
  }
  const answer = await networkFacts([...questions.values()], session.signal);
  if ('unknown' in answer) {
    console.error(`Settings of networks and names of layers were not checked: ${answer.unknown}.`);
    return () => undefined;
  }
  const facts = new Map([...questions.keys()].map((key, i) => [key, answer.facts[i]]));
  return (question) => facts.get(canonicalJson(question));
}

function questionsOf(
  { workspace }: Session,
  { file }: Experiment,
  { stage, config }: Pick<KnownStage, 'stage' | 'config'>,
): { path: readonly string[]; question: NetworkQuestion }[] {
  return networksNamed(workspace, config).map(({ part, path, section }) => {
    const { [path.at(-1)!]: _name, ...settings } = section;
    const field = ['stages', stage.name, 'config', ...path.slice(0, -1)].join('.');
    return { path, question: { source: partFile(workspace, part, { file, field }), settings, file, field } };
  });
}

/** Throws `UserError` where a network does not take its settings. */
function withNetwork(
  session: Session,
  experiment: Experiment,
  one: Omit<KnownStage, 'probePoints'>,
  factsOf: (question: NetworkQuestion) => NetworkFacts | undefined,
): KnownStage {
  let probePoints: readonly string[] | undefined;
  for (const { path, question } of questionsOf(session, experiment, one)) {
    const { refusal, probePoints: points } = factsOf(question) ?? {};
    if (refusal !== undefined) throw new UserError(refusal.message, refusal);
    // The encoder is the one of the config itself; others, such as a generator, stand deeper.
    if (path.length === 2 && path[0] === 'network') probePoints = points;
  }
  return { ...one, probePoints };
}

/** Does something about a variant; what is thrown names the override that has brought it in. */
async function blamed<Result>(
  { experiment, variant }: Pick<CheckedVariant, 'experiment' | 'variant'>,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw blameOverride(error, variant.set, experiment.place);
  }
}
