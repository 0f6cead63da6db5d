// The wheels that an engine is built of, which no lockfile of npm names.
import { recipeFor, unpackedPath, type Wheel } from '@selfsup/engine/testing/pinned-wheels';

/** All wheels of both flavours. */
export const wheels: readonly Wheel[] = (['cpu', 'cuda'] as const).flatMap((flavour) => [...recipeFor(flavour).wheels]);

/** Proprietary, but may be passed on with what is built upon it. */
export const licenceOfNvidia = 'LicenseRef-NVIDIA-Proprietary';

/** Licences by project, as its own METADATA says. NVIDIA's are for GPUs alone, and nothing of them is part of ours. */
const licences: Readonly<Record<string, string>> = {
  'tensorflow-cpu': 'Apache-2.0',
  tensorflow: 'Apache-2.0',
  'nvidia-cublas-cu12': licenceOfNvidia,
  'nvidia-cuda-cupti-cu12': licenceOfNvidia,
  'nvidia-cuda-nvcc-cu12': licenceOfNvidia,
  'nvidia-cuda-nvrtc-cu12': licenceOfNvidia,
  'nvidia-cuda-runtime-cu12': licenceOfNvidia,
  'nvidia-cudnn-cu12': licenceOfNvidia,
  'nvidia-cufft-cu12': licenceOfNvidia,
  'nvidia-curand-cu12': licenceOfNvidia,
  'nvidia-cusolver-cu12': licenceOfNvidia,
  'nvidia-cusparse-cu12': licenceOfNvidia,
  'nvidia-nccl-cu12': licenceOfNvidia,
  'nvidia-nvjitlink-cu12': licenceOfNvidia,
};

/** The licence of a wheel; undefined of one whose licence nobody has looked up yet. */
export function licenceOf({ project }: Wheel): string | undefined {
  return licences[project];
}

/** Whether the text of a wheel's licence stays beside what is unpacked of it. */
export function keepsLicence({ project, version }: Wheel): boolean {
  const ofTensorflow = 'tensorflow/THIRD_PARTY_NOTICES.txt';
  const ofNvidia = `${project.replaceAll('-', '_')}-${version}.dist-info/licenses/License.txt`;
  return unpackedPath(project.startsWith('tensorflow') ? ofTensorflow : ofNvidia) !== undefined;
}
