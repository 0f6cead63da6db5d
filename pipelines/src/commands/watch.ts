import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Command } from 'commander';
import { numberOption } from '../options.ts';
import { openSession } from '../run/session.ts';
import { observer } from '../watch/observe.ts';
import { servePage } from '../watch/serve.ts';

/** Seconds after which a browser asks again. */
const refreshSeconds = 5;

export default new Command('watch')
  .description('Follow in a browser what is running: curves, rate, time left, why each stage runs')
  .option(
    '--port <n>',
    'where it listens, on this machine alone; any that is free by default',
    numberOption({ whole: true, atLeast: 0, atMost: 65535 }),
    0,
  )
  .addHelpText(
    'after',
    `
It reads the files that are there and changes nothing. Only this machine can ask for the page.

Example:
  selfsup watch`,
  )
  .action(async ({ port }: { port: number }) => {
    const { artifacts, signal } = openSession();
    const { renderWatch } = await import('@selfsup/report/watch-page');
    const look = observer(artifacts);
    const tensorBoard = onPath('tensorboard');
    const page = async (): Promise<string> =>
      renderWatch({ root: artifacts.root, running: await look(), tensorBoard, refreshSeconds });
    const { address, server } = await servePage(page, port);
    console.log(`Watching ${artifacts.root}: ${address} (Ctrl-C ends it)`);
    if (!signal.aborted) await once(signal, 'abort');
    server.closeAllConnections();
    server.close();
  });

/** Whether a command of this name can be found. */
function onPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));
}
