import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ended, killGroup, longestSeconds, type Ended, type Workspace } from './workspace.ts';

/** One process for many commands: TensorFlow and all else are loaded once, which takes longer than the small stages do. */
export interface Warm {
  run(args: readonly string[]): Promise<Ended>;
  close(): Promise<void>;
}

/** Commands after which a process makes room for another, so that what they leave in it does not add up. */
const mostCommands = 200;
const last = /\nselfsup ended with (\d+)\n$/;

/** Starts a process when the first command is run; one that ends is replaced, and its end is that of its command. */
export function openWarm(workspace: Workspace, env: NodeJS.ProcessEnv): Warm {
  const program = fileURLToPath(new URL('warm-child.mjs', import.meta.url));
  let child: ChildProcess | undefined;
  let commands = 0;
  const close = async (): Promise<void> => {
    if (child === undefined) return;
    const gone = new Promise((resolve) => child!.once('exit', resolve));
    const isOver = child.exitCode !== null || child.signalCode !== null;
    killGroup(child);
    if (!isOver) await gone;
    child = undefined;
  };
  return {
    close,
    async run(args) {
      if (commands++ % mostCommands === 0) await close();
      child ??= fork(program, [workspace.root], {
        cwd: workspace.root,
        env: { ...workspace.env, ...env },
        execArgv: [],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        detached: true,
      });
      const mine = child;
      const texts = ['', ''];
      const output = (): string => texts.map((text) => text.replace(last, '')).join('');
      const told = new Promise<Ended>((resolve) => {
        for (const [i, stream] of [mine.stdout!, mine.stderr!].entries()) {
          stream.removeAllListeners('data');
          stream.on('data', (chunk: Buffer) => {
            texts[i] += chunk.toString();
            const code = last.exec(texts[0]!)?.[1];
            if (code !== undefined && last.test(texts[1]!))
              resolve({ code: Number(code), signal: null, output: output() });
          });
        }
      });
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<Ended>((resolve) => {
        const give = (): void =>
          resolve({ code: null, signal: null, output: `no end in ${longestSeconds / 5} s: ${output()}` });
        timer = setTimeout(give, longestSeconds * 200);
      });
      const died = ended(mine, Infinity).then(({ code, signal }): Ended => ({ code, signal, output: output() }));
      mine.send(args);
      const end = await Promise.race([told, died, tooLong]);
      clearTimeout(timer);
      mine.removeAllListeners('close');
      if (!last.test(texts[0]!)) await close();
      return end;
    },
  };
}
