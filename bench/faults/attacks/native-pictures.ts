import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { integer } from '@selfsup/kit/random';
import type { Attack } from '../campaign.ts';
import { jpegs } from '../seeds.ts';

/** Inputs of one case. */
const inputs = 20_000;
const require = createRequire(new URL('../../../packages/data/package.json', import.meta.url));
const sources = fileURLToPath(new URL('../../../packages/data/src/pictures/native', import.meta.url));

/** Needs clang with libFuzzer: apt-get install clang libclang-rt-dev, or CLANG with the name of the command. */
const attack: Attack = {
  title: 'native picture code on fuzzed JPEGs, guided by coverage, under AddressSanitizer and UBSan',
  isOfFilesHere: true,
  cases: 50,
  async open({ folder, key }) {
    const program = join(folder, 'fuzz-pictures');
    const corpus = join(folder, 'corpus');
    mkdirSync(corpus, { recursive: true });
    const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
    const place = join(
      dirname(require.resolve('@julusian/jpeg-turbo/package.json')),
      'prebuilds',
      `jpeg-turbo-linux-${process.arch}`,
    );
    const harness = fileURLToPath(new URL('../native/fuzz-pictures.cc', import.meta.url));
    const flags = '-std=c++17 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined';
    const paths = [
      `-I${headers}`,
      `-I${sources}`,
      harness,
      '-o',
      program,
      join(place, 'libturbojpeg.so.0'),
      `-Wl,-rpath,${place}`,
    ];
    const defines = ['-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=pictures'];
    execFileSync(process.env['CLANG'] ?? 'clang++-14', [...flags.split(' '), ...defines, ...paths]);
    for (const [name, bytes] of Object.entries(await jpegs())) writeFileSync(join(corpus, name), bytes);
    return {
      async strike(which) {
        const seed = 1 + integer(key, 2 ** 30, which);
        const how = [
          `-runs=${inputs}`,
          `-seed=${seed}`,
          '-max_len=30000',
          '-timeout=10',
          '-rss_limit_mb=1024',
          '-print_final_stats=1',
        ];
        const { status, stderr } = spawnSync(program, [corpus, ...how, `-artifact_prefix=${folder}/`], {
          encoding: 'utf8',
          maxBuffer: 2 ** 28,
        });
        const found = /SUMMARY: (.*)|ERROR: libFuzzer: (.*)/.exec(stderr);
        const seen = status === 0 ? [] : [found?.[0] ?? stderr.slice(-600)];
        const cover = /cov: (\d+)(?![\s\S]*cov: )/.exec(stderr)?.[1];
        const about = `${inputs} inputs, seed ${seed}; ${cover} places reached, ${readdirSync(corpus).length} inputs in the corpus`;
        return {
          struck: inputs,
          lost: 0,
          wrong: seen.length,
          unnoticed: 0,
          about,
          ...(seen.length > 0 ? { seen } : {}),
        };
      },
    };
  },
};
export default attack;
