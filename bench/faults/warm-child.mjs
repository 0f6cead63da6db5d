// Runs commands of selfsup one after the other in this process, as its parent asks: what a command loads is loaded once.
// node warm-child.mjs <root of a workspace>
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Thrown in the place of the end of the process. */
class End extends Error {
  constructor(code) {
    super(`end with ${code}`);
    this.code = code;
  }
}

const root = process.argv[2];
const at = (path) => pathToFileURL(join(root, path)).href;
const { readTypeScript } = await import(at('packages/kit/src/files/typescript.mjs'));
await readTypeScript();
// The command line and the command that it loads are read anew each time, all below them once.
const anew = `export async function resolve(name, context, next) {
  const found = await next(name, context);
  const asked = /[?]command=.*/.exec(context.parentURL ?? '')?.[0];
  return asked && found.url.includes('/src/commands/') ? { ...found, url: found.url + asked } : found;
}`;
register(`data:text/javascript,${encodeURIComponent(anew)}`);
process.setMaxListeners(0);
const leave = process.exit.bind(process);
process.exit = (code) => {
  throw new End(Number(code ?? process.exitCode ?? 0));
};
// Where a command would have ended its process from elsewhere, or fails where nobody listens, this one ends as well.
process.on('uncaughtException', (error) => {
  if (!(error instanceof End)) console.error(error?.stack ?? error);
  leave(error instanceof End ? error.code : 1);
});

let commands = 0;
process.on('message', (args) => {
  void (async () => {
    process.argv = [process.argv[0], 'selfsup', ...args];
    process.exitCode = 0;
    let code = 1;
    try {
      await import(`${at('pipelines/src/cli.ts')}?command=${commands++}`);
    } catch (error) {
      code = error instanceof End ? error.code : 1;
      if (!(error instanceof End)) console.error(error?.stack ?? error);
    }
    // What the command has put around them.
    for (const stream of [process.stdout, process.stderr]) {
      Reflect.deleteProperty(stream, 'write');
      stream.removeAllListeners('error');
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
    for (const stream of [process.stdout, process.stderr]) stream.write(`\n${process.argv[1]} ended with ${code}\n`);
  })();
});
