import type { LoadedEncoder } from '../encoder.ts';
import { FLATTEN } from './pytorch-network.ts';

/** A model of the checkpoint that can be written down as PyTorch layers. */
export interface PytorchModel {
  /** Its name in the file, the first part of its tensors' names. */
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * README of a safetensors export: every tensor with its shape and layout, the normalisation, and a PyTorch program that
 * builds the networks, loads the weights and runs them. Models that `pytorch` lacks are described by their tensors
 * alone.
 */
export function safetensorsReadme(encoder: LoadedEncoder, pytorch: readonly PytorchModel[], file: string): string {
  const { description, input, normalisation } = encoder;
  const tensors = [...encoder.tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = tensors.map(([name, { shape }]) => `| \`${name}\` | [${shape.join(', ')}] | ${layout(name, shape)} |`);
  const std = normalisation.std.map((value) => value || 1);
  return `# Weights trained by Selfsup

Task \`${description.task}\`, network \`${description.network.name}\` ${JSON.stringify(description.network.config)}, seed ${description.seed},
after ${description.epoch} epochs (${description.step} steps). \`${file}\` is in the safetensors format; its metadata
field \`metadata\` holds these facts as JSON.

Input: ${input.height} × ${input.width} pixels, ${input.channels} channels, each (pixel − mean) / std with pixels of 0..255,
mean [${normalisation.mean.join(', ')}], std [${std.join(', ')}]. Batch norm runs on its moving averages (\`eval()\`).

## Tensors

Names are \`<model>/<layer>/<weight>\`. Kernels are in TensorFlow's layouts: transpose a convolution's HWIO to PyTorch's
OIHW with \`permute(3, 2, 0, 1)\`, a linear layer's [inputs, units] with \`t()\`; vectors stay as they are. In
\`BatchNorm2d\` \`gamma\` is \`weight\`, \`beta\` is \`bias\`, \`moving_mean\` is \`running_mean\`, \`moving_variance\` is
\`running_var\`.

| tensor | shape | layout |
|---|---|---|
${rows.join('\n')}

${pytorch.length > 0 ? example(encoder, pytorch, file, std) : tensorsOnly(file)}`;
}

function layout(name: string, shape: readonly number[]): string {
  if (shape.length === 4) return 'HWIO';
  if (shape.length === 2) return '[inputs, units]';
  return name.includes('/moving_') ? 'channels (running statistics)' : 'channels';
}

const FLATTEN_CLASS = `class ${FLATTEN}(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


`;

const LOADER = `def load(module, file, model):
    """Copies the weights of \`model\` into a module whose layers have the same names."""
    kinds = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias",
             "moving_mean": "running_mean", "moving_variance": "running_var"}
    layers = dict(module.named_children())
    with safe_open(file, framework="pt") as tensors, torch.no_grad():
        for name in tensors.keys():
            owner, layer, weight = name.split("/")
            if owner != model:
                continue
            value = tensors.get_tensor(name)
            if weight == "kernel":
                value = value.permute(3, 2, 0, 1) if value.ndim == 4 else value.t()
            getattr(layers[layer], kinds[weight]).copy_(value)
    return module.eval()`;

function example(
  encoder: LoadedEncoder,
  models: readonly PytorchModel[],
  file: string,
  std: readonly number[],
): string {
  const { input, normalisation, probePoints } = encoder;
  const networks = models.map(
    ({ name, lines }) => `${name} = nn.Sequential(OrderedDict([\n${lines.map((line) => `    ${line}`).join('\n')}\n]))`,
  );
  const heads = models.filter(({ name }) => name !== 'encoder');
  return `## PyTorch

\`\`\`python
from collections import OrderedDict
import torch
from safetensors import safe_open
from torch import nn

${networks.some((network) => network.includes(FLATTEN)) ? `\n${FLATTEN_CLASS}` : ''}${networks.join('\n\n')}


${LOADER}


${models.map(({ name }) => `load(${name}, "${file}", "${name}")`).join('\n')}

# images: [batch, channels, height, width], pixels of 0..255
images = torch.randint(0, 256, (2, ${input.channels}, ${input.height}, ${input.width})).float()
mean = torch.tensor([${normalisation.mean.join(', ')}]).view(1, -1, 1, 1)
std = torch.tensor([${std.join(', ')}]).view(1, -1, 1, 1)
features = {}
with torch.no_grad():
    x = (images - mean) / std
    for name, layer in encoder.named_children():
        x = layer(x)
        features[name] = x
${heads.map(({ name }) => `    ${name === 'head' ? 'logits' : `${name}_logits`} = ${name}(x)\n`).join('')}
for name in [${probePoints.map((name) => `"${name}"`).join(', ')}]:
    print(name, tuple(features[name].shape))
\`\`\`
`;
}

function tensorsOnly(file: string): string {
  return `## PyTorch

The network branches or has layers that PyTorch lacks in this form, so only reading the tensors is shown.

\`\`\`python
from safetensors import safe_open

with safe_open("${file}", framework="pt") as tensors:
    for name in tensors.keys():
        value = tensors.get_tensor(name)
        if name.endswith("/kernel"):
            value = value.permute(3, 2, 0, 1) if value.ndim == 4 else value.t()
        print(name, tuple(value.shape))
\`\`\`
`;
}
