"""Keeps states of one size with what others offer for it. keeper.py <system>: reads lines from its input,
`write <folder> <from> <to>` and `read <folder> <number>`, and answers each with a line of JSON. A state is 256 KiB that follow
from its number. A state is acknowledged by a line in <folder>/acknowledged, once the system has come back."""
import hashlib
import json
import os
import sys
import tempfile

SIZE = 1 << 18


def state(number):
    return hashlib.shake_128(b'%d' % number).digest(SIZE)


def number_of(content):
    """The number of a state; ValueError where it is none."""
    for number in range(16):
        if content == state(number):
            return number
    raise ValueError('another content')


class Lightning:
    """One checkpoint that is written again and again, as by save_last, with what Fabric and Trainer save with."""

    def __init__(self):
        import torch
        from lightning_fabric.utilities.cloud_io import _atomic_save, _load
        self.torch, self.save, self.load = torch, _atomic_save, _load

    def write(self, folder, number):
        # On the same disk, where its move is a rename.
        tempfile.tempdir = os.path.join(folder, 'temporary')
        os.makedirs(tempfile.tempdir, exist_ok=True)
        tensor = self.torch.frombuffer(bytearray(state(number)), dtype=self.torch.uint8)
        self.save({'number': number, 'weights': tensor}, os.path.join(folder, 'last.ckpt'))

    def read(self, folder):
        return bytes(self.load(os.path.join(folder, 'last.ckpt'), weights_only=True)['weights'].numpy())


class Orbax:
    """A manager that keeps two steps."""

    def __init__(self):
        os.environ['JAX_PLATFORMS'] = 'cpu'
        import numpy
        import orbax.checkpoint
        self.numpy, self.orbax = numpy, orbax.checkpoint

    def manager(self, folder):
        options = self.orbax.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False)
        return self.orbax.CheckpointManager(os.path.join(folder, 'steps'), options=options)

    def write(self, folder, number):
        weights = {'weights': self.numpy.frombuffer(state(number), dtype=self.numpy.uint8)}
        with self.manager(folder) as manager:
            manager.save(number, args=self.orbax.args.StandardSave(weights))
            manager.wait_until_finished()

    def read(self, folder):
        like = {'weights': self.numpy.zeros(SIZE, dtype=self.numpy.uint8)}
        with self.manager(folder) as manager:
            found = manager.restore(manager.latest_step(), args=self.orbax.args.StandardRestore(like))
        return self.numpy.asarray(found['weights']).tobytes()


class Lmdb:
    """Sixteen records of one transaction, with the flags that are its default."""

    def __init__(self):
        import lmdb
        self.lmdb = lmdb

    def write(self, folder, number):
        content = state(number)
        with self.lmdb.open(os.path.join(folder, 'db'), map_size=1 << 26) as env, env.begin(write=True) as txn:
            for i in range(16):
                txn.put(b'%02d' % i, content[i << 14:(i + 1) << 14])

    def read(self, folder):
        with self.lmdb.open(os.path.join(folder, 'db'), map_size=1 << 26) as env, env.begin() as txn:
            return b''.join(bytes(value) for _, value in txn.cursor())


class Dvc:
    """A file under `dvc add`, brought back from the cache by `dvc checkout`."""

    def __init__(self):
        os.environ['DVC_NO_ANALYTICS'] = '1'
        from dvc.repo import Repo
        self.Repo = Repo

    def repo(self, folder):
        os.environ['DVC_SITE_CACHE_DIR'] = os.path.join(folder, 'site')
        if os.path.exists(os.path.join(folder, '.dvc/config')):
            return self.Repo(folder)
        return self.Repo.init(folder, no_scm=True, force=True)

    def write(self, folder, number):
        file = os.path.join(folder, 'weights.bin')
        if os.path.exists(file):
            os.remove(file)  # it may be read-only
        with open(file, 'wb') as out:
            out.write(state(number))
        with self.repo(folder) as repo:
            repo.add(file)

    def read(self, folder):
        file = os.path.join(folder, 'weights.bin')
        if os.path.exists(file):
            os.remove(file)
        with self.repo(folder) as repo:
            repo.checkout([file + '.dvc'], force=True)
        with open(file, 'rb') as content:
            return content.read()


def acknowledge(folder, number):
    file = os.open(os.path.join(folder, 'acknowledged'), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, b'%d\n' % number)
    os.close(file)


def main():
    system = {'lightning': Lightning, 'orbax': Orbax, 'lmdb': Lmdb, 'dvc': Dvc}[sys.argv[1]]()
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    for line in sys.stdin:
        command, folder, *numbers = line.split()
        try:
            if command == 'write':
                for number in range(int(numbers[0]), int(numbers[1])):
                    system.write(folder, number)
                    acknowledge(folder, number)
                answer = {}
            else:
                content = system.read(folder)
                answer = {'number': number_of(content)} if content else {'nothing': True}
        except ValueError as error:
            answer = {'wrong': str(error)} if str(error) == 'another content' else {'error': repr(error)[:300]}
        except BaseException as error:
            answer = {'error': repr(error)[:300]}
        answers.write(json.dumps(answer) + '\n')
        answers.flush()


if __name__ == '__main__':
    main()
