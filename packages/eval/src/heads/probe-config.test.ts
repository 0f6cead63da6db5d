import { expect, test } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import { configureNetwork } from '@selfsup/models/network';
import type { FeatureShape } from './head-source.ts';
import { jointProbes } from './heads.ts';
import { resolveProbe, type ProbeSubject } from './probe-config.ts';
import { protocolNames, type ProtocolName } from './probe-protocols.ts';

const layers = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'];

/** The maps that a network really gives. */
async function subject(network: Parameters<typeof configureNetwork>[0], side: number): Promise<ProbeSubject> {
  const model = (await configureNetwork(network)).build({ height: side, width: side, channels: 3 }, randomKey(1));
  const shapes = new Map(
    layers.flatMap((layer) => {
      const found = model.layers.find(({ name }) => name === layer);
      return found === undefined ? [] : [[layer, found.outputShape.slice(1) as unknown as FeatureShape] as const];
    }),
  );
  model.dispose();
  return { network: network.name, side, fits: false, shapes };
}

/** Features that reach each linear layer. */
function featureCounts(settings: ReturnType<typeof resolveProbe>, { shapes }: ProbeSubject): number[] {
  const { batchNorm, initialiser, pooling } = settings;
  const common = { classes: 2, key: randomKey(1), batchNorm, initialiser };
  const probes = [...shapes].map(([layer, shape]) => [layer, { ...common, shape, pooling: pooling[layer]! }] as const);
  const model = jointProbes(Object.fromEntries(probes));
  const counts = [...shapes.keys()].map((layer) => model.getLayer(`${layer}_linear`).getWeights()[0]!.shape[0]!);
  model.dispose();
  return counts;
}

const rotnetCounts = [9216, 9408, 9600, 9216, 9216]; // as published
const wideCounts = [9600, 9216, 9600, 9600, 9216]; // as published
const published: [ProtocolName, Parameters<typeof configureNetwork>[0], number, number[]][] = [
  ['rotnet', { name: 'alexnet', variant: 'rotnet' }, 224, rotnetCounts],
  ['aet-max', { name: 'alexnet', variant: 'rotnet' }, 224, rotnetCounts],
  ['aet-avg', { name: 'alexnet', variant: 'rotnet' }, 224, rotnetCounts],
  ['vissl-rotnet', { name: 'alexnet', variant: 'rotnet' }, 224, rotnetCounts],
  ['deepcluster', { name: 'alexnet', variant: 'deepcluster' }, 224, wideCounts],
  ['asano', { name: 'alexnet', variant: 'deepcluster' }, 224, wideCounts],
  ['vissl-deepcluster', { name: 'alexnet', variant: 'deepcluster' }, 224, wideCounts],
  ['zhang', { name: 'alexnet', variant: 'caffe' }, 227, wideCounts],
  ['fair', { name: 'cfn' }, 227, wideCounts],
  ['vissl-jigsaw', { name: 'cfn' }, 227, wideCounts],
];

test('every protocol has its feature counts tested', () => {
  expect(published.map(([name]) => name).sort()).toEqual([...protocolNames].sort());
});

test.each(published)('%s leaves the published number of features', async (protocol, network, side, counts) => {
  const given = await subject(network, side);
  expect(featureCounts(resolveProbe({ protocol }, given), given)).toEqual(counts);
  // The rule for other networks gives the same sizes where it meets the published network.
  expect(featureCounts(resolveProbe({ protocol: `${protocol}-small` }, given), given)).toEqual(counts);
});

test('fitted to 32 pixels there are as many features as the maps allow, 9,600 at most', async () => {
  const small = await subject({ name: 'alexnet-small' }, 32);
  expect(featureCounts(resolveProbe({ protocol: 'asano-small' }, small), small)).toEqual(rotnetCounts);
  const nin = await subject({ name: 'nin', blocks: 4, width: 192 }, 32);
  expect(featureCounts(resolveProbe({ protocol: 'rotnet-small' }, nin), nin)).toEqual([9600, 9408, 9408, 9408]);
  const narrow = await subject({ name: 'nin', blocks: 3, width: 12 }, 16);
  const { pooling } = resolveProbe({ protocol: 'zhang-small' }, narrow);
  expect(pooling).toEqual({ conv1: { resize: 8 }, conv2: { resize: 4 }, conv3: { resize: 4 } });
});

const alexnet: ProbeSubject = {
  network: 'alexnet',
  side: 224,
  fits: false,
  shapes: new Map([['conv3', [13, 13, 384]]]),
};

test('the name of a protocol carries a star as soon as anything is not as published', () => {
  const label = (config: Parameters<typeof resolveProbe>[0], changes: Partial<ProbeSubject> = {}) =>
    resolveProbe(config, { ...alexnet, ...changes }).label;
  expect(label({ protocol: 'asano' })).toBe('asano');
  expect(label({ protocol: 'asano', epochs: 36 })).toBe('asano'); // said, but the same
  expect(label({ protocol: 'asano', epochs: 5 })).toBe('asano*');
  expect(label({ protocol: 'asano', average: 'softmax' })).toBe('asano*');
  expect(label({ protocol: 'asano', samplesPerEpoch: 1000 })).toBe('asano*');
  const same = { size: 3, stride: 3, padding: 1 };
  expect(label({ protocol: 'asano', pooling: { conv3: { max: same } } })).toBe('asano');
  expect(label({ protocol: 'asano', pooling: { conv3: { average: same } } })).toBe('asano*');
  expect(label({ protocol: 'asano-small' })).toBe('asano-small');
  expect(label({ protocol: 'asano-small', batchNorm: false })).toBe('asano-small*');
  expect(label({ protocol: 'asano' }, { side: undefined })).toBe('asano*'); // cached features
  expect(label({ protocol: 'zhang' }, { side: 227 })).toBe('zhang*'); // its solver is not to be had
  expect(resolveProbe({ protocol: 'asano', epochs: 5 }, alexnet).differences).toEqual(["'epochs' is overridden"]);
});

test('views are scaled to the side of the images, and images that fit are not scaled up', () => {
  const views = (protocol: Parameters<typeof resolveProbe>[0]['protocol'], fits: boolean) => {
    const { augment, testView } = resolveProbe({ protocol }, { ...alexnet, side: 32, fits });
    return { augment, testView };
  };
  expect(views('rotnet-small', false)).toEqual({
    augment: { resize: 37, randomCrop: 32, flip: true },
    testView: { resize: 37, centreCrop: 32 },
  });
  expect(views('rotnet-small', true)).toEqual({ augment: { padCrop: 4, flip: true }, testView: {} });
  expect(views('deepcluster-small', false).augment).toEqual({ resize: 37, randomCrop: 32, within: 37, flip: true });
  expect(views('deepcluster-small', true).testView).toEqual({ resize: 37, tenCrop: 32 });
  expect(views('asano-small', true).augment).toMatchObject({ randomResizedCrop: { size: 32, area: [0.08, 1] } });
});

test('a published protocol refuses other networks and sizes by name', () => {
  expect(() => resolveProbe({ protocol: 'rotnet' }, { ...alexnet, network: 'nin', side: 32 })).toThrow(
    "The protocol 'rotnet' is published for the network 'alexnet' at 224 pixels, not 'nin' at 32 pixels",
  );
  expect(() => resolveProbe({ protocol: 'fair' }, alexnet)).toThrow(/'cfn' at 227/);
  expect(() => resolveProbe({ protocol: 'zhang' }, alexnet)).toThrow(/227 pixels, not 'alexnet' at 224/);
  expect(() => resolveProbe({ protocol: 'rotnet' }, { ...alexnet, network: 'nin', side: undefined })).toThrow(
    /not 'nin'$/,
  );
  expect(() => resolveProbe({ protocol: 'rotnet', pooling: { conv9: 'none' } }, alexnet)).toThrow(/conv9/);
});
