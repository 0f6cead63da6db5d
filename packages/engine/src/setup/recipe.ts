import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, sha256 } from '@selfsup/kit/files';

/** Which library an engine is built on: for processors alone, or with CUDA. */
export type Flavour = 'cpu' | 'cuda';

/** A Python wheel, pinned to one file. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  /** pip's platform tag of this very file. */
  readonly platform: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What an engine is made of. */
export interface Recipe {
  readonly flavour: Flavour;
  readonly tensorflow: string;
  readonly wheels: readonly Wheel[];
  /** Bytes on disk once unpacked. */
  readonly unpackedBytes: number;
}

/** Raised when the way of building changes, so that engines built the old way are left alone. */
const RECIPE_VERSION = 1;
/** Raised when `unpackedPath` changes: engines of one number may share their libraries and headers. */
export const UNPACKING = 1;

const TENSORFLOW = '2.21.0';

const CPU_WHEEL: Wheel = {
  project: 'tensorflow-cpu',
  version: TENSORFLOW,
  platform: 'manylinux_2_27_x86_64',
  file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
  bytes: 273_829_956,
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
};

/** A wheel of NVIDIA's; its file carries the platform tags joined by dots, pip is asked for the first. */
function nvidia(project: string, version: string, tags: string, bytes: number, digest: string): Wheel {
  const file = `${project.replaceAll('-', '_')}-${version}-py3-none-${tags}.whl`;
  return { project, version, platform: tags.split('.')[0] ?? tags, file, bytes, sha256: digest };
}

const TAGS_2_27 = 'manylinux_2_27_x86_64';
const TAGS_2_17 = 'manylinux2014_x86_64.manylinux_2_17_x86_64';
const TAGS_2_12 = 'manylinux2010_x86_64.manylinux_2_12_x86_64';

// The and-cuda extra of the wheel asks for ranges; these are their newest 12.9 members.
const CUDA_WHEELS: readonly Wheel[] = [
  {
    project: 'tensorflow',
    version: TENSORFLOW,
    platform: TAGS_2_27,
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    bytes: 572_440_367,
    sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  },
  nvidia(
    'nvidia-cublas-cu12',
    '12.9.3.13',
    TAGS_2_27,
    581_217_458,
    'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
  ),
  nvidia(
    'nvidia-cuda-cupti-cu12',
    '12.9.79',
    'manylinux_2_25_x86_64',
    10_814_997,
    '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
  ),
  nvidia(
    'nvidia-cuda-nvcc-cu12',
    '12.9.86',
    TAGS_2_12,
    40_546_229,
    '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
  ),
  nvidia(
    'nvidia-cuda-nvrtc-cu12',
    '12.9.86',
    TAGS_2_12,
    89_568_129,
    '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
  ),
  nvidia(
    'nvidia-cuda-runtime-cu12',
    '12.9.79',
    TAGS_2_17,
    3_493_179,
    '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
  ),
  nvidia(
    'nvidia-cudnn-cu12',
    '9.28.0.42',
    TAGS_2_27,
    716_538_495,
    '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
  ),
  nvidia(
    'nvidia-cufft-cu12',
    '11.4.1.4',
    TAGS_2_17,
    200_877_592,
    'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
  ),
  nvidia(
    'nvidia-curand-cu12',
    '10.3.10.19',
    TAGS_2_27,
    68_295_626,
    '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
  ),
  nvidia(
    'nvidia-cusolver-cu12',
    '11.7.5.82',
    TAGS_2_27,
    338_117_415,
    '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
  ),
  nvidia(
    'nvidia-cusparse-cu12',
    '12.5.10.65',
    TAGS_2_17,
    366_465_088,
    '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
  ),
  nvidia(
    'nvidia-nccl-cu12',
    '2.32.3',
    TAGS_2_27,
    351_526_311,
    'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
  ),
  nvidia(
    'nvidia-nvjitlink-cu12',
    '12.9.86',
    TAGS_2_12,
    39_748_338,
    'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
  ),
];

/** The pinned recipe of a flavour. That of `cuda` has not been run on a GPU here. */
export function recipeFor(flavour: Flavour): Recipe {
  return flavour === 'cpu'
    ? { flavour, tensorflow: TENSORFLOW, wheels: [CPU_WHEEL], unpackedBytes: 854_000_000 }
    : { flavour, tensorflow: TENSORFLOW, wheels: CUDA_WHEELS, unpackedBytes: 8_000_000_000 };
}

/** The C++ that is compiled against a recipe: the npm package's own addon, what we link into it, our helpers beside it. */
export interface NativeSources {
  /** The npm package's folder; the addon's sources are in its `binding`. */
  readonly packageFolder: string;
  /** Folder of what we link into the addon. */
  readonly stepSources: string;
  /** Folder of the helpers. */
  readonly helperSources: string;
}

/** Name of an engine, a function of everything it is built from: wheels, C++ sources and recipe version. */
export function engineId(recipe: Recipe, sources: NativeSources): string {
  const digests = (folder: string) =>
    readdirSync(folder)
      .sort()
      .map((file) => [file, sha256(readFileSync(join(folder, file)))]);
  const parts = {
    version: RECIPE_VERSION,
    wheels: recipe.wheels.map((wheel) => wheel.sha256),
    binding: digests(join(sources.packageFolder, 'binding')),
    step: digests(sources.stepSources),
    helpers: digests(sources.helperSources),
  };
  return `tensorflow-${recipe.tensorflow}-${recipe.flavour}-${sha256(canonicalJson(parts)).slice(0, 10)}`;
}

/**
 * Where an entry of a wheel goes inside the engine's folder, or undefined where it is not needed. Only libraries, the
 * headers that the addon includes, and licences are: an eighth of the files' number, and no Python.
 */
export function unpackedPath(entry: string): string | undefined {
  const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/.exec(entry);
  if (library) return `deps/lib/${library[1]}`;
  const header =
    /^tensorflow\/include\/((?:tensorflow\/c\/.*|tensorflow\/core\/platform\/ctstring\w*|tsl\/platform\/ctstring\w*|xla\/tsl\/c\/.*)\.h)$/.exec(
      entry,
    );
  if (header) return `deps/include/${header[1]}`;
  if (entry === 'tensorflow/THIRD_PARTY_NOTICES.txt') return 'deps/THIRD_PARTY_NOTICES.txt';
  if (entry === 'tensorflow/include/LICENSE') return 'deps/LICENSE';
  // The library looks for CUDA at $ORIGIN/../nvidia/*/lib.
  if (/^nvidia\/[^/]+\/lib\/[^/]+\.so[.\d]*$/.test(entry)) return `deps/${entry}`;
  if (/^nvidia\/cuda_nvcc\/(?:bin\/ptxas|nvvm\/libdevice\/.*\.bc)$/.test(entry)) return `deps/${entry}`;
  if (/^nvidia_[^/]+\.dist-info\/.*licen[cs]e[^/]*$/i.test(entry)) return `deps/licences/${entry.replaceAll('/', '-')}`;
  return undefined;
}
