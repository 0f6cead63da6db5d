import { join } from 'node:path';
import { z } from 'zod';
import { downloadAll } from '../../files/download.ts';
import { givenPath, inDataFolder } from '../../files/named-files.ts';
import { foundIdx, idxFilesIn, idxNames } from '../../formats/idx-files.ts';
import type { Source } from '../../source.ts';

const schema = z.strictObject({
  type: z.literal('mnist'),
  /** A folder with the four IDX files, gzipped or plain. */
  path: z.string().optional(),
  /** Whether to fetch the files where none are found; true by default. */
  download: z.boolean().default(true),
  /** Another address that holds the four files, such as a mirror of one's own. */
  url: z.url().optional(),
});

/** A copy that the home page's authors do not ask to be spared, as PyTorch's torchvision uses it. */
const address = 'https://ossci-datasets.s3.amazonaws.com/mnist/';
const md5s = {
  'train-images-idx3-ubyte.gz': 'f68b3c2dcbeaaa9fbdd348bbdeb94873',
  'train-labels-idx1-ubyte.gz': 'd53e105ee54ea40749a09fcbcd1e9432',
  't10k-images-idx3-ubyte.gz': '9fb629c4189551a2d022fa330f9573f3',
  't10k-labels-idx1-ubyte.gz': 'ec29112dd5afa0611ce80d1b7f02629c',
};
const classes = Array.from({ length: 10 }, (_, digit) => String(digit));

/** MNIST (LeCun, Cortes, Burges): 60,000 + 10,000 handwritten digits of 28 × 28. */
const source: Source<z.infer<typeof schema>> = {
  schema,
  async look(config, context) {
    const { cacheFolder } = context;
    const facts = { title: 'MNIST', classes, memory: context };
    // Only in a folder of that name: loose in the data folder, files of these names may as well be Fashion-MNIST's.
    const folder =
      config.path === undefined ? inDataFolder(['mnist', 'MNIST'], context) : givenPath(config.path, context);
    if (folder !== undefined) return { found: await foundIdx(folder, folder, facts) };
    const remedy =
      `Put ${idxNames.join(', ')} into a folder mnist below the one that SELFSUP_DATA names, ` +
      'or give their folder as path.';
    const to = join(cacheFolder, 'downloads', 'mnist');
    if (idxFilesIn(to).lacking.length === 0) return { found: await foundIdx(to, 'fetched before', facts) };
    if (!config.download) return { missing: 'no folder mnist in SELFSUP_DATA, and downloading is off', remedy };
    const refused = await downloadAll(config.url ?? address, Object.entries(md5s), to, context);
    if (refused !== undefined) return { missing: `no folder mnist in SELFSUP_DATA; ${refused.failed}`, remedy };
    return { found: await foundIdx(to, 'fetched', facts) };
  },
};

export default source;
