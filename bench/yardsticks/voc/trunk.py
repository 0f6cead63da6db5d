"""The NIN trunk with the weights of a checkpoint of ours, and layers that begin as our heads do."""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

sys.path.append(str(Path(__file__).resolve().parents[1]))
from nin import Nin  # noqa: E402


def load_trunk(checkpoint, folded):
    """Its batch norm as it is, or folded into the convolutions before it. Channels last in memory."""
    tensors = {name[len('encoder/') :]: value for name, value in load_file(checkpoint).items() if name.startswith('encoder/')}
    trunk = Nin(tensors['block1_conv1/kernel'].shape[3])
    for b, block in enumerate((trunk.block1, trunk.block2, trunk.block3), 1):
        for u in range(3):
            convolution, norm, _ = block[u]
            convolution.weight.data = tensors[f'block{b}_conv{u + 1}/kernel'].permute(3, 2, 0, 1).contiguous()
            for ours, theirs in (('gamma', 'weight'), ('beta', 'bias'), ('moving_mean', 'running_mean'), ('moving_variance', 'running_var')):
                getattr(norm, theirs).data = tensors[f'block{b}_bn{u + 1}/{ours}'].clone()
            if folded:
                block[u][0] = nn.utils.fusion.fuse_conv_bn_eval(convolution.eval(), norm.eval())
                block[u][1] = nn.Identity()
    for parameter in trunk.parameters():
        parameter.requires_grad_(True)
    return trunk.to(memory_format=torch.channels_last)


def gaussian(layer, std, bias=0.0):
    nn.init.normal_(layer.weight, 0, std)
    nn.init.constant_(layer.bias, bias)
    return layer


def he(layer):
    nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def split_parameters(modules):
    """Weights and biases of convolutions and linear layers, and the rest (of batch norm)."""
    weights, biases, others = [], [], []
    for module in (part for whole in modules for part in whole.modules()):
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            weights.append(module.weight)
            if module.bias is not None:
                biases.append(module.bias)
        else:
            others += list(module.parameters(recurse=False))
    return weights, biases, others
