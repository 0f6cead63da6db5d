import { readFileSync } from 'node:fs';
import { engineStatus } from '@selfsup/engine/status';

/** Version of Selfsup, and those of the engine that is set up here, which is not loaded; or that there is none yet. */
export async function versions(): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { facts } = await engineStatus({ run: false });
  const { engine, tensorflow, tfjs, flavour, node } = facts;
  const own =
    engine === undefined
      ? 'engine      none is set up yet: npx nx run engine:setup'
      : `engine      ${engine}\ntensorflow  ${tensorflow} (${flavour})\ntfjs        ${tfjs}`;
  return `selfsup     ${version}\n${own}\nnode        ${node}`;
}
