// Plain JavaScript, since the Nx plugin reads it without TypeScript; types are in expand.d.mts.

/** The dataset that a need names as `data/<dataset>`; undefined where it names a stage. */
export function datasetOf(ref) {
  return ref.startsWith('data/') ? ref.slice('data/'.length) : undefined;
}

/** A copy of `stages` with dotted overrides such as `pretrain.config.epochs` applied. */
function applyOverrides(stages, overrides) {
  const result = structuredClone(stages);
  for (const [path, value] of Object.entries(overrides)) {
    const segments = path.split('.');
    if (!Object.hasOwn(result, segments[0])) {
      throw Object.assign(new Error(`override '${path}' names no stage`), { path, stage: segments[0] });
    }
    let target = result;
    for (const segment of segments.slice(0, -1)) {
      if (target[segment] === null || typeof target[segment] !== 'object') target[segment] = {};
      target = target[segment];
    }
    target[segments.at(-1)] = structuredClone(value);
  }
  return result;
}

/** Throws an error with `odd` and `field` where an override has put something into the place of a stage or its needs. */
function checkStage(name, stage) {
  const refuse = (what, field) => {
    throw Object.assign(new Error(what), { odd: true, field });
  };
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(stage)) refuse(`The stage '${name}' is no object`, `stages.${name}`);
  stage.needs ??= {};
  if (!isObject(stage.needs)) refuse(`The needs of '${name}' are no object`, `stages.${name}.needs`);
  for (const [role, ref] of Object.entries(stage.needs)) {
    if (typeof ref !== 'string') refuse(`'${name}' needs something that is no name`, `stages.${name}.needs.${role}`);
  }
}

/** Stage names so that each follows what it needs. Throws an error with `cycle` or with `missing`. */
function orderStages(stages) {
  const order = [];
  const state = new Map();
  const visit = (name, trail) => {
    if (state.get(name) === 'done') return;
    if (state.get(name) === 'open') {
      const cycle = [...trail.slice(trail.indexOf(name)), name];
      throw Object.assign(new Error(`needs cycle: ${cycle.join(' -> ')}`), { cycle });
    }
    state.set(name, 'open');
    for (const [role, ref] of Object.entries(stages[name].needs)) {
      if (datasetOf(ref) !== undefined) continue;
      if (!Object.hasOwn(stages, ref)) {
        throw Object.assign(new Error(`stage '${name}' needs unknown stage '${ref}'`), {
          missing: ref,
          field: `stages.${name}.needs.${role}`,
        });
      }
      visit(ref, [...trail, name]);
    }
    state.set(name, 'done');
    order.push(name);
  };
  for (const name of Object.keys(stages)) visit(name, []);
  return order;
}

/** The variants of an experiment with their stages, overrides applied; one called `base` where none is declared. */
export function expandVariants(experiment) {
  const variants = Object.entries(experiment.variants ?? {});
  if (variants.length === 0) variants.push(['base', {}]);
  return variants.map(([name, overrides]) => {
    const stages = applyOverrides(experiment.stages, overrides);
    for (const [stage, declared] of Object.entries(stages)) checkStage(stage, declared);
    return { name, overrides, stages, order: orderStages(stages) };
  });
}

/** Those of a variant's stages that are `wanted` and all that they need, in order; every stage where `wanted` is undefined. */
export function withNeeds(variant, wanted) {
  const chosen = new Set();
  const add = (stage) => {
    if (chosen.has(stage)) return;
    chosen.add(stage);
    for (const ref of Object.values(variant.stages[stage].needs)) if (datasetOf(ref) === undefined) add(ref);
  };
  for (const stage of wanted ?? variant.order) add(stage);
  return variant.order.filter((stage) => chosen.has(stage));
}

/** What a comparison needs of one variant: the stages that it names and the variant has, each after what it needs. */
export function comparedStages(variant, stages) {
  return withNeeds(
    variant,
    stages?.filter((stage) => Object.hasOwn(variant.stages, stage)),
  );
}

/** Name of the Nx target of a stage: `pretrain-seed-1`, or `pretrain-rotnet-seed-1` where variants are declared. */
export function stageTarget(stage, variant, seed) {
  return variant === 'base' ? `${stage}-seed-${seed}` : `${stage}-${variant}-seed-${seed}`;
}
