import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { tf } from './library.ts';
import { sumInParts } from './long-sums.ts';

/** What can compute in a browser, in the order in which they are tried. */
export const backendNames = ['webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** Which one computes, and why those before it do not. */
export interface BackendChoice {
  readonly name: BackendName;
  readonly passedOver: readonly { readonly name: BackendName; readonly why: string }[];
}

/**
 * Makes the first backend the active one that there is, that a processor of its own does not have to imitate, and that
 * answers a small question rightly; or tries only `wanted`. Throws `Error` saying what was wrong where none does.
 *
 * @param wasm the WebAssembly file of tfjs with vector instructions; nothing is fetched
 */
export async function startBackend(wasm: ArrayBuffer, wanted?: BackendName): Promise<BackendChoice> {
  const passedOver: { name: BackendName; why: string }[] = [];
  for (const name of wanted === undefined ? backendNames : [wanted]) {
    const why = await obstacle(name, wasm, wanted !== undefined).catch((error: unknown) => String(error));
    if (why === undefined) return { name, passedOver };
    passedOver.push({ name, why });
  }
  throw new Error(`Nothing here can compute: ${passedOver.map(({ name, why }) => `${name}: ${why}`).join('; ')}`);
}

/** What is in the way of a backend, which is the active one where nothing is. */
async function obstacle(name: BackendName, wasm: ArrayBuffer, evenSlow: boolean): Promise<string | undefined> {
  const missing = await whyMissing[name](evenSlow);
  if (missing !== undefined) return missing;
  if (name === 'wasm') handOver(wasm);
  if (!(await tf.setBackend(name))) return 'does not start';
  await tf.ready();
  if (name === 'wasm') sumInParts();
  return (await answersRightly()) ? undefined : 'rounds to fewer bits than networks need';
}

const whyMissing: Readonly<
  Record<BackendName, (evenSlow: boolean) => Promise<string | undefined> | string | undefined>
> = {
  async webgpu(evenSlow) {
    const adapter = await browser.navigator.gpu?.requestAdapter();
    if (adapter == null) return 'not in this browser';
    const isFallback = adapter.isFallbackAdapter ?? adapter.info?.isFallbackAdapter ?? false;
    return isFallback && !evenSlow ? 'imitated by the processor' : undefined;
  },
  webgl(evenSlow) {
    const canvas = browser.document.createElement('canvas');
    const context = canvas.getContext('webgl2', { failIfMajorPerformanceCaveat: !evenSlow });
    if (context === null) return 'not in this browser, or imitated by the processor';
    // Browsers that imitate it on purpose see no caveat in that.
    const more = context.getExtension('WEBGL_debug_renderer_info');
    const renderer = String(context.getParameter(more?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
    const isImitated = /swiftshader|llvmpipe|software|basic render/i.test(renderer);
    return isImitated && !evenSlow ? 'imitated by the processor' : undefined;
  },
  wasm: () => ('WebAssembly' in globalThis ? undefined : 'not in this browser'),
  cpu: () => undefined,
};

/** Of what only browsers have, that which is asked for here. */
const browser = globalThis as unknown as {
  readonly navigator: { readonly gpu?: { requestAdapter(): Promise<Adapter | null> } };
  readonly document: { createElement(name: 'canvas'): Canvas };
};
interface Adapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: { readonly isFallbackAdapter?: boolean };
}
interface Canvas {
  getContext(kind: 'webgl2', settings: { failIfMajorPerformanceCaveat: boolean }): WebGL | null;
}
interface WebGL {
  readonly RENDERER: number;
  getExtension(name: 'WEBGL_debug_renderer_info'): { readonly UNMASKED_RENDERER_WEBGL: number } | null;
  getParameter(name: number): unknown;
}

/** Lets tfjs take its WebAssembly file from memory; whatever else it would fetch is refused. */
function handOver(wasm: ArrayBuffer): void {
  const name = 'selfsup:wasm';
  const { platform } = tf.env();
  platform.fetch = (path) =>
    path === name
      ? Promise.resolve({ ok: true, arrayBuffer: () => Promise.resolve(wasm) } as Response)
      : Promise.reject(new Error(`This page fetches nothing: ${path}`));
  const files = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'];
  // Threads want shared memory, which a page without a server has not.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(Object.fromEntries(files.map((file) => [file, name])), true);
}

/** 1 + 2⁻¹², which half the bits of a float32 cannot hold, through a convolution, minus 1. */
async function answersRightly(): Promise<boolean> {
  const answer = tf.tidy(() => {
    const x = tf.tensor4d([1, 1, 1, 2 ** -12], [1, 2, 2, 1]);
    return tf.conv2d(x, tf.ones([2, 1, 1, 1]) as tf.Tensor4D, 1, 'valid').sub(1);
  });
  const values = await answer.data();
  answer.dispose();
  return values[0] === 1 && values[1] === 2 ** -12;
}
