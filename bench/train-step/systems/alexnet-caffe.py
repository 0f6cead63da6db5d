"""The step of alexnet-caffe.ts in PyTorch, from raw images on; arguments as timing.Settings."""

from torch import nn

from alexnet_networks import caffe_trunk, scaled
from labelled_images import CLASSES, caffe_sgd, labelled_step
from timing import measure, settings


def fully_connected(inputs, units):
    return [nn.Linear(inputs, units), nn.ReLU(inplace=True), nn.Dropout(0.5)]


run = settings()
channels = scaled([96, 256, 384, 384, 256], run.width)
layers = [caffe_trunk(channels, 4), nn.Flatten(), *fully_connected(36 * channels[-1], 4096), *fully_connected(4096, 4096)]
measure(labelled_step(run, nn.Sequential(*layers, nn.Linear(4096, CLASSES)), 224, caffe_sgd), run)
