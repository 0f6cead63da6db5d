export interface StageDeclaration {
  uses: string;
  needs: Record<string, string>;
  config: Record<string, unknown>;
}
export interface VariantPlan {
  name: string;
  overrides: Record<string, unknown>;
  stages: Record<string, StageDeclaration>;
  /** Stage names, each after what it needs. */
  order: string[];
}
export function datasetOf(ref: string): string | undefined;
export function expandVariants(experiment: {
  stages: Record<string, StageDeclaration>;
  variants?: Record<string, Record<string, unknown>> | undefined;
}): VariantPlan[];
export function withNeeds(variant: VariantPlan, wanted: readonly string[] | undefined): string[];
export function comparedStages(variant: VariantPlan, stages: readonly string[] | undefined): string[];
export function stageTarget(stage: string, variant: string, seed: number): string;
