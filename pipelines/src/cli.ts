import { readdirSync } from 'node:fs';
import { Command } from 'commander';
import { fail } from './fail.ts';

const program = new Command('selfsup')
  .description('The classic self-supervised systems as declarative, cached, reproducible experiment pipelines.')
  .showSuggestionAfterError()
  .showHelpAfterError('Try selfsup help, or selfsup help <command>.');

// A command is a file of this folder; only the one that is asked for is loaded, the help loads all.
const folder = new URL('./commands/', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -3))
  .sort();
const asked = process.argv[2];
for (const name of asked !== undefined && names.includes(asked) ? [asked] : names) {
  const { default: command } = (await import(new URL(`${name}.ts`, folder).href)) as { default: Command };
  program.addCommand(command);
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = fail(error);
}
// Worker threads or TensorFlow's own must not keep a finished command alive.
process.exit(process.exitCode ?? 0);
