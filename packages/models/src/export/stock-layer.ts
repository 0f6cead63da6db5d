/** Reference to what layer `name` gives: its n-th use in the model, its k-th output, call arguments. */
export type Reference = [name: string, use: number, output: number, ...rest: unknown[]];

/** A layer as Keras and tfjs write it. `inbound_nodes` has one list of references for each use of the layer. */
export interface StockLayer {
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly (readonly Reference[])[];
}
