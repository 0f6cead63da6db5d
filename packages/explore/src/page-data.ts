import type { ProbeDescription } from '@selfsup/eval/probe-model';
import type { Normalisation } from '@selfsup/models/encoder';
import type { ImageShape } from '@selfsup/models/network';

/** How the weights of a network are written. */
export type Precision = 'float16' | 'float32';

/** An architecture by name, with its config filled in. */
export interface NetworkSettings {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Linear probes that were trained on a network. */
export interface TrainedProbe extends ProbeDescription {
  /** Of each layer the share of the test images that it gets right, in percent. */
  readonly top1: Readonly<Record<string, number>>;
}

/** The data that a network was trained on. */
export interface TrainingData {
  /** In plain words. */
  readonly chosen: string;
  /** Whether all of its images were made of one or a few pictures. */
  readonly ofFewPictures: boolean;
  /** The first of its images: bytes `[count, height, width, channels]` in base64; absent where they are not all small and alike. */
  readonly first?: (ImageShape & { readonly count: number; readonly pixels: string }) | undefined;
}

/** What a network is beside its weights. */
export interface NetworkFacts {
  /** What people call it: a variant, or a checkpoint's name. */
  readonly label: string;
  /** The task that trained it, such as `rotnet`. */
  readonly task: string;
  /** That task's section of the config, defaults filled in. */
  readonly taskConfig: Readonly<Record<string, unknown>>;
  readonly network: NetworkSettings;
  /** Which generator goes with it, of tasks that have one. */
  readonly adversaries?: NetworkSettings | undefined;
  readonly input: ImageShape;
  readonly normalisation: Normalisation;
  readonly epoch: number;
  readonly seed: number;
  /** What each number of its head stands for; absent where it has no head that classifies. */
  readonly outputs?: readonly string[] | undefined;
  /** Probes of its layers; the weights of the first are called `probe0/…`. */
  readonly probes: readonly TrainedProbe[];
  readonly trainedOn?: TrainingData | undefined;
  /** What `gather.ts` of a panel found beside, by the panel's name. */
  readonly gathered: Readonly<Record<string, unknown>>;
}

/** A network as a page has it. */
export interface NetworkData extends NetworkFacts {
  readonly precision: Precision;
  /** Its tensors, which lie one after another in the block `weights-<index of the network>`. */
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** The test images of a page: bytes `[count, height, width, channels]` in the block `images`. */
export interface ImagesData extends ImageShape {
  readonly count: number;
  /** Where each stands in its split. */
  readonly indices: readonly number[];
  /** Index of each one's class, -1 for none. */
  readonly labels: readonly number[];
  readonly classes: readonly string[];
}

/** All that a page shows but for weights, pixels and code, as JSON in the block `page`. */
export interface PageData {
  readonly networks: readonly NetworkData[];
  readonly images: ImagesData;
}
