import type { Command } from 'commander';

/** Commands that look for results in remotes. */
const readers = ['run', 'submit', 'stage', 'compare', 'ingest', 'embed', 'export', 'inspect', 'status', 'why'];

/**
 * Gives a command that looks for results in remotes `--offline` and `--no-remote`. They are set in the environment, so that
 * they hold for the commands that it starts.
 */
export function withRemoteOptions(command: Command): Command {
  if (!readers.includes(command.name())) return command;
  return command
    .option('--offline', 'ask no remote; what is known to lie there counts as done')
    .option('--no-remote', 'as if there were no remotes: what lies there alone is computed anew')
    .hook('preAction', () => {
      const { offline, remote } = command.opts<{ offline?: boolean; remote: boolean }>();
      if (offline === true) process.env['SELFSUP_OFFLINE'] = '1';
      if (!remote) process.env['SELFSUP_REMOTE'] = 'none';
    });
}
