import { GROUPED } from './grouped-convolution.ts';
import type { StockLayer } from './stock-layer.ts';
import type { StockTopology } from './stock-topology.ts';

/**
 * The layers of a model without branches as the lines of a PyTorch `nn.Sequential(OrderedDict([...]))`, each under
 * its own name, for images [batch, channels, height, width]. Undefined where the model branches or has a layer that
 * PyTorch lacks in this form (such as 'same' padding with a stride).
 */
export function pytorchLines(
  topology: StockTopology,
  tensors: ReadonlyMap<string, readonly number[]>,
): string[] | undefined {
  const lines: string[] = [];
  let previous: string | undefined;
  let flat = false; // no height and width any more
  for (const layer of topology.config.layers) {
    const inbound = layer.inbound_nodes.flat();
    if (layer.class_name === 'InputLayer' && previous === undefined) {
      previous = layer.name;
      continue;
    }
    if (layer.inbound_nodes.length !== 1 || inbound.length !== 1 || inbound[0]![0] !== previous) return undefined;
    const made = pytorchLayer(layer, flat, (weight) => tensors.get(`${layer.name}/${weight}`));
    if (made === undefined) return undefined;
    lines.push(`("${layer.name}", ${made}),`);
    previous = layer.name;
    flat ||= ['Dense', 'Flatten', 'GlobalAveragePooling2D'].includes(layer.class_name);
  }
  return lines;
}

/** Name of a PyTorch module that the README defines where a network needs it: our vectors have the channels fastest. */
export const FLATTEN = 'FlattenChannelsLast';

type ShapeOf = (weight: string) => readonly number[] | undefined;
type Pair = readonly [number, number];

function pytorchLayer({ class_name, config }: StockLayer, flat: boolean, shapeOf: ShapeOf): string | undefined {
  switch (class_name) {
    case 'Conv2D':
    case GROUPED:
      return convolution(config, shapeOf('kernel')!);
    case 'Dense': {
      const [inputs, units] = shapeOf('kernel')!;
      return config['activation'] === 'linear' ? `nn.Linear(${inputs}, ${units}${bias(config)})` : undefined;
    }
    case 'BatchNormalization':
      return `nn.BatchNorm${flat ? '1d' : '2d'}(${shapeOf('moving_mean')![0]}, eps=${config['epsilon']})`;
    case 'ReLU':
      return config['max_value'] == null ? 'nn.ReLU()' : undefined;
    case 'LeakyReLU':
      return `nn.LeakyReLU(${config['alpha']})`;
    case 'Activation':
      return { relu: 'nn.ReLU()', tanh: 'nn.Tanh()', sigmoid: 'nn.Sigmoid()', linear: 'nn.Identity()' }[
        config['activation'] as string
      ];
    case 'ZeroPadding2D': {
      const [[top, bottom], [left, right]] = config['padding'] as readonly [Pair, Pair];
      return `nn.ZeroPad2d((${left}, ${right}, ${top}, ${bottom}))`;
    }
    case 'NeverPadding2D': {
      const [[top, bottom], [left, right]] = config['padding'] as readonly [Pair, Pair];
      return `nn.ConstantPad2d((${left}, ${right}, ${top}, ${bottom}), float("-inf"))`;
    }
    case 'LocalResponseNormalization':
      return `nn.LocalResponseNorm(${config['size']}, ${config['alpha']}, ${config['beta']}, ${config['k']})`;
    case 'Flatten':
      return `${FLATTEN}()`;
    case 'MaxPooling2D':
      return pooling('MaxPool2d', config);
    case 'AveragePooling2D':
      return pooling('AvgPool2d', config);
    case 'GlobalAveragePooling2D':
      return 'nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())';
    case 'Dropout':
      return `nn.Dropout(${config['rate']})`;
    default:
      return undefined;
  }
}

function convolution(config: StockLayer['config'], kernel: readonly number[]): string | undefined {
  const [height, width, inputs, filters] = kernel;
  const groups = (config['groups'] as number | undefined) ?? 1;
  const strides = config['strides'] as Pair;
  const dilation = config['dilation_rate'] as Pair;
  const same = config['padding'] === 'same';
  if (config['activation'] !== 'linear' || dilation.some((rate) => rate !== 1)) return undefined;
  // With a stride, TensorFlow's 'same' pads the two sides unequally.
  if (same && (strides.some((stride) => stride !== 1) || height! % 2 === 0 || width! % 2 === 0)) return undefined;
  const padding = same ? `, padding=(${(height! - 1) / 2}, ${(width! - 1) / 2})` : '';
  const options = `stride=(${strides.join(', ')})${padding}${groups > 1 ? `, groups=${groups}` : ''}${bias(config)}`;
  return `nn.Conv2d(${inputs! * groups}, ${filters}, (${height}, ${width}), ${options})`;
}

function pooling(name: string, config: StockLayer['config']): string | undefined {
  if (config['padding'] !== 'valid') return undefined;
  const size = (config['pool_size'] as Pair).join(', ');
  return `nn.${name}((${size}), stride=(${(config['strides'] as Pair).join(', ')}))`;
}

function bias(config: StockLayer['config']): string {
  return config['use_bias'] === false ? ', bias=False' : '';
}
