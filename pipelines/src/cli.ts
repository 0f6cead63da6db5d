import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Command, CommanderError } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { environmentHelp, refuseMisspelt } from './environment.ts';
import { fail } from './fail.ts';
import { watchOutput, written } from './output.ts';
import { withRemoteOptions } from './remotes/remote-options.ts';
import { ChildStopped } from './run/ended.ts';

const lostResults = watchOutput(process.stdout);
// Progress and messages: nothing depends on their being read.
watchOutput(process.stderr);

const program = new Command('selfsup')
  .description('The classic self-supervised systems as declarative, cached, reproducible experiment pipelines.')
  .option('-V, --version', 'print the versions of Selfsup and of its engine')
  .showSuggestionAfterError()
  // What stands behind a part of a command, such as results best, is that part's, though the command has such an option too.
  .enablePositionalOptions()
  .showHelpAfterError('Try selfsup help, or selfsup help <command>.')
  .addHelpText(
    'after',
    `
Environment:
${environmentHelp()}
A relative path in one of them is taken from the root of the workspace, wherever the command is typed; selfsup doctor
shows them whole. Paths among a command's arguments and options are taken from the current folder.`,
  )
  .hook('preAction', (_program, command) => refuseEmpty(command))
  .exitOverride();

// A command is a file of this folder; only the one that is asked for is loaded, the help loads all.
const folder = new URL('./commands/', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -3))
  .sort();
const asked = process.argv[2];
const asksVersion = asked === '-V' || asked === '--version';

/** An empty text, mostly of a variable that was not set, would mean the current folder or nothing at all. */
function refuseEmpty(command: Command): void {
  const options = command.options.map(
    (option) => [option.flags, command.getOptionValue(option.attributeName())] as const,
  );
  const values = command.registeredArguments.map((argument, i) => [argument.name(), command.args[i]] as const);
  const empty = [...values, ...options].find(([, value]) => value === '');
  if (empty === undefined) return;
  throw new UserError('An empty text was given', { field: empty[0], remedy: 'Give it a value, or leave it out.' });
}

/** Only the command that is asked for is loaded; where there is no such one, all are, for the help. */
async function runCommand(): Promise<void> {
  for (const name of asked !== undefined && names.includes(asked) ? [asked] : names) {
    const { default: command } = (await import(new URL(`${name}.ts`, folder).href)) as { default: Command };
    program.addCommand(withRemoteOptions(command.copyInheritedSettings(program)));
    for (const part of command.commands) part.copyInheritedSettings(program);
  }
  await program.parseAsync();
}

try {
  refuseMisspelt(process.env);
  if (asksVersion) console.log(await (await import('./doctor/versions.ts')).versions());
  else await runCommand();
} catch (error) {
  // Commander has said what was wrong, or shown the help.
  // Neither is a stop told once more that a child command has told.
  process.exitCode =
    error instanceof CommanderError ? error.exitCode : error instanceof ChildStopped ? 130 : fail(error);
}
// A failed write may be told a moment later.
await Promise.all([written(process.stdout), setImmediate()]);
const lost = lostResults();
if (lost !== undefined) {
  const remedy = 'Leave room on the disk that the output goes to, and run the same command again.';
  process.exitCode = Math.max(1, fail(new UserError(`The output could not be written: ${lost.message}`, { remedy })));
}
await written(process.stderr);
// Worker threads or TensorFlow's own must not keep a finished command alive.
process.exit(process.exitCode ?? 0);
