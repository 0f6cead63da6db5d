import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDatasetConfig } from '@selfsup/data/dataset-config';
import { readPublishedBoxes } from '@selfsup/data/proposals';
import type { SourceContext } from '@selfsup/data/testing/internals';
import { UserError } from '@selfsup/kit/errors';
import { parseOrExplain } from '@selfsup/kit/parse';
import { readCheckpoint } from '@selfsup/models/checkpoint';
import { NpyReader } from '@selfsup/numerics/npy';
import { readExperiment } from '../../../pipelines/src/declare/experiment.ts';
import { loadStageModule } from '../../../pipelines/src/declare/parts.ts';
import type { Shaped } from '../mutate.ts';
import * as pictures from '../seeds.ts';
import { changedTar, changedZip } from './archives.ts';
import type { formats } from './formats.ts';
import { ingested, preparedPicture, type Section } from './ingested.ts';
import { changedJson } from './json.ts';
import { changedIdx, changedMat, changedNpy, changedRecords, changedSafetensors } from './numbers.ts';
import { packedAs } from './packed.ts';
import { changedPickle } from './pickles.ts';
import { behind, changedBmp, changedJpeg, changedNetpbm, changedPng, changedTiff } from './pictures.ts';
import * as seeds from './seeds.ts';
import { changedLines, changedXml } from './text.ts';

export type Format = (typeof formats)[number];

/** What is done with the inputs of a format. */
export interface Reader {
  readonly seeds: readonly Buffer[];
  readonly shaped: Shaped;
  /** What is said where not even the first check holds: of a signature, a checksum over all, the syntax. */
  readonly firstCheck: RegExp;
  /** Reads it as the product does. Gives the reasons why images are damaged; throws as the product does. */
  read(bytes: Buffer): Promise<readonly string[]>;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const testing = join(root, 'packages/data/src/testing');

/** The reader of a format, which writes to `folder`. */
export async function readerOf(format: Format, folder: string): Promise<Reader> {
  mkdirSync(folder, { recursive: true });
  const context: SourceContext = {
    // No folder: remembered digests would be flushed to the disk for each input.
    cacheFolder: '/dev/null/cache',
    datasetFolder: folder,
    fullHash: true,
    fetchNothing: true,
    progress: {
      phase: () => ({ advance: () => undefined, done: () => undefined }),
      note: () => undefined,
      warn: () => undefined,
    },
  };
  const put = (name: string, bytes: Uint8Array | string): string => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    return file;
  };
  const picture = (all: Readonly<Record<string, Buffer>>, shaped: Shaped, firstCheck: RegExp): Reader => ({
    seeds: Object.values(all),
    shaped,
    firstCheck,
    read: preparedPicture,
  });
  /** Reads a source in `folder` after one of its files was written; the other files stay as they are. */
  const source = (section: Section, name: string, others: Readonly<Record<string, Uint8Array>> = {}) => {
    for (const [other, content] of Object.entries(others)) put(`data/${other}`, content);
    mkdirSync(join(folder, 'data'), { recursive: true });
    return (bytes: Buffer) => {
      put(`data/${name}`, bytes);
      return ingested({ path: join(folder, 'data'), ...section }, context);
    };
  };
  const archive = async (ending: 'tar' | 'tar.gz' | 'tar.xz' | 'zip', firstCheck: RegExp): Promise<Reader> => {
    const files = await seeds.tree();
    const inner = ending === 'zip' ? seeds.zip(files) : await seeds.tar(files);
    const file = join(folder, `x.${ending}`);
    return {
      ...packedAs(ending, inner, ending === 'zip' ? changedZip : changedTar),
      firstCheck,
      read(bytes) {
        writeFileSync(file, bytes);
        return ingested({ type: 'folder', path: file }, context);
      },
    };
  };
  switch (format) {
    case 'jpeg':
      return picture(
        await pictures.jpegs(),
        changedJpeg,
        /unsupported image format|Not a JPEG|is text|Unsupported marker type|ends before its picture/,
      );
    case 'png':
      return picture(await pictures.pngs(), changedPng, /unsupported image format|corrupt header|is text/);
    case 'tiff':
      return picture(await pictures.tiffs(), changedTiff, /unsupported image format|is text/);
    case 'bmp':
      return picture(pictures.bmps(), changedBmp, /unsupported image format|is text/);
    case 'netpbm':
      return picture(pictures.netpbms(), changedNetpbm, /unsupported image format|is text/);
    case 'webp':
      return picture(await pictures.others('webp'), behind(0.3), /unsupported image format|is text|corrupt header/);
    case 'gif':
      return picture(await pictures.others('gif'), behind(0.5), /unsupported image format|is text/);
    case 'avif':
      return picture(await pictures.others('avif'), behind(0.6), /unsupported image format|is text|corrupt header/);
    case 'tar':
      return archive('tar', /no header of a file at byte 0|ends at byte \d+, inside the header after its start/);
    case 'tar.gz':
      return archive('tar.gz', /incorrect header check|no header of a file at byte 0/);
    case 'tar.xz':
      return archive('tar.xz', /mark of the end of an xz|format error|no header of a file at byte 0|at byte 0/);
    case 'zip':
      return archive('zip', /end of central directory|ZIP64|End of central/i);
    case 'pickle': {
      const names = ['data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch'];
      const plain = seeds.cifarPython();
      return {
        seeds: [
          plain,
          ...[2, 4].map((protocol) => readFileSync(join(testing, `python3-protocol${protocol}.fixture.pkl`))),
        ],
        shaped: changedPickle,
        firstCheck: /takes a step of code|is cut off|unknown protocol|nothing to work on|lacks its beginning/,
        read: source({ type: 'cifar10' }, 'data_batch_1', Object.fromEntries(names.map((name) => [name, plain]))),
      };
    }
    case 'cifar-binary': {
      const [first, ...others] = Object.entries(seeds.cifarBatches());
      return {
        seeds: [first![1]],
        shaped: changedRecords(3073),
        firstCheck: /is cut off/,
        read: source({ type: 'cifar10' }, first![0], Object.fromEntries(others)),
      };
    }
    case 'idx':
    case 'idx.gz': {
      const files = seeds.idxFiles(format === 'idx.gz');
      const [images, ...others] = Object.entries(files);
      return {
        seeds: [images![1]],
        shaped: changedIdx,
        firstCheck: /Not an IDX|incorrect header|cut off or damaged/,
        read: source({ type: 'mnist' }, images![0], Object.fromEntries(others)),
      };
    }
    case 'mat-mask':
    case 'png-mask': {
      const isMat = format === 'mat-mask';
      const files = seeds.vocMasks();
      const name = isMat ? 'SegmentationClassAug/a.mat' : 'SegmentationClass/a.png';
      return {
        seeds: isMat ? [seeds.matMask()] : await seeds.pngMasks(),
        shaped: isMat ? changedMat : changedPng,
        firstCheck: isMat ? /no MATLAB 5 file/ : /is no PNG|is cut off|checksum of its part/,
        read: source({ type: 'voc', task: 'segmentation', classes: ['background', 'cat', 'dog'] }, name, files),
      };
    }
    case 'mat-devkit': {
      const [meta, others] = await seeds.imagenet(join(root, 'packages/data/src/sources/imagenet'));
      return {
        seeds: meta,
        shaped: changedMat,
        firstCheck: /no MATLAB 5 file/,
        read: source({ type: 'imagenet' }, 'ILSVRC2012_devkit_t12/data/meta.mat', others),
      };
    }
    case 'mat-boxes':
      return {
        seeds: [readFileSync(join(testing, 'boxes.fixture.mat')), seeds.mat()],
        shaped: changedMat,
        firstCheck: /no MATLAB 5 file/,
        read(bytes) {
          try {
            readPublishedBoxes(bytes);
          } catch (cause) {
            // As the stage of proposals does.
            throw new UserError((cause as Error).message, { cause });
          }
          return Promise.resolve([]);
        },
      };
    case 'npy':
      return {
        seeds: [seeds.npy(folder)],
        shaped: changedNpy,
        firstCheck: /no array of ours/,
        read(bytes) {
          const opened = new NpyReader(put('x.npy', bytes));
          try {
            opened.all();
          } finally {
            opened.close();
          }
          return Promise.resolve([]);
        },
      };
    case 'safetensors':
      return {
        seeds: [await seeds.safetensors(folder)],
        shaped: changedSafetensors,
        firstCheck: /do not give the digest|length field|first bytes|no checkpoint of/,
        async read(bytes) {
          await readCheckpoint(put('x.safetensors', bytes));
          return [];
        },
      };
    case 'voc-xml':
    case 'voc-list': {
      const name = format === 'voc-xml' ? 'Annotations/a.xml' : 'ImageSets/Main/train.txt';
      const files = seeds.vocObjects();
      return {
        seeds: [files[name]!],
        shaped: format === 'voc-xml' ? changedXml : changedLines,
        firstCheck: format === 'voc-xml' ? /:\d+:\d+$|is cut off|is empty/ : /names no image|: line 1 /,
        read: source({ type: 'voc', task: 'detection' }, name, files),
      };
    }
    case 'coco-json': {
      const files = seeds.coco();
      return {
        seeds: [files['instances_train.json']!],
        shaped: changedJson,
        firstCheck: /JSON|Unexpected|Bad control|Expected/,
        read: source({ type: 'coco', masks: true }, 'instances_train.json', files),
      };
    }
    case 'places-list': {
      const files = seeds.places205();
      return {
        seeds: [files['trainvalsplit_places205/train_places205.csv']!],
        shaped: changedLines,
        firstCheck: /lists no image|: line 1 /,
        read: source({ type: 'places205' }, 'trainvalsplit_places205/train_places205.csv', files),
      };
    }
    case 'dataset-json':
      return {
        seeds: seeds.declared(join(root, 'pipelines/datasets'), 'dataset.json'),
        shaped: changedJson,
        firstCheck: /Not valid JSON/,
        async read(bytes) {
          await readDatasetConfig(put('dataset.json', bytes));
          return [];
        },
      };
    case 'experiment-json': {
      // Of its own experiment, but of our datasets and parts.
      mkdirSync(join(folder, 'pipelines/experiments/x'), { recursive: true });
      for (const name of ['packages', 'pipelines/datasets', 'node_modules'])
        symlinkSync(join(root, name), join(folder, name));
      return {
        seeds: seeds.declared(join(root, 'pipelines/experiments'), 'experiment.json'),
        shaped: changedJson,
        firstCheck: /Not valid JSON/,
        async read(bytes) {
          const workspace = { root: folder };
          const file = put('pipelines/experiments/x/experiment.json', bytes);
          for (const { stages } of readExperiment(workspace, 'x').variants) {
            for (const [name, { uses, config }] of Object.entries(stages)) {
              const { schema } = await loadStageModule(workspace, uses, { file, field: `stages.${name}.uses` });
              parseOrExplain(schema, config, file, `stages.${name}.config`);
            }
          }
          return [];
        },
      };
    }
  }
}
