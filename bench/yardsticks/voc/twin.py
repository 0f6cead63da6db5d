"""One training of a small experiment on VOC in PyTorch, from our weights and on our images; run.ts says what in JSON: twin.py JOB"""

import json
import sys

import numpy as np
import torch

from classification import classify
from detection import detect
from segmentation import segment

if __name__ == '__main__':
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job['threads'])
    torch.manual_seed(job['seed'])
    np.random.seed(job['seed'])
    twin = {'eval/voc-classification': classify, 'eval/voc-detection': detect, 'eval/voc-segmentation': segment}[job['uses']]
    print(json.dumps({'torch': torch.__version__, **twin(job)}))
