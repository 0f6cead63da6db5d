import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const command = new URL('../../bin/selfsup.mjs', import.meta.url).pathname;

test.each(['--version', '-V'])(
  '%s prints the versions of Selfsup, of the engine that is set up, and of Node',
  async (asked) => {
    const { stdout, stderr } = await execa('node', [command, asked]);
    expect(stderr).toBe('');
    const lines = Object.fromEntries(stdout.split('\n').map((line) => line.split(/ {2,}/) as [string, string]));
    expect(lines).toMatchObject({ selfsup: version, node: process.version });
    expect(lines['engine']).toMatch(/^tensorflow-|^none is set up yet/);
  },
);
