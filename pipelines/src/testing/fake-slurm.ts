import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Slurm's commands as scripts that only write down how they were called. */
export interface FakeSlurm {
  /** The value of PATH with which they are found first. */
  readonly path: string;
  /** Each call in a line. */
  calls(): string[];
  /** What `squeue` prints from now on. */
  queue(text: string): void;
}

const scripts: Record<string, string> = {
  // Numbers jobs from 101 on; refuses what the file `refuse` names.
  sbatch: `case "$*" in *--version*) exit 0;; esac
if [ -f "$here/refuse" ] && grep -q -F -f "$here/refuse" <<< "$*"; then echo "sbatch: error: Batch job submission failed" >&2; exit 1; fi
case "$*" in *--test-only*) exit 0;; esac
n=$(( $(cat "$here/n" 2>/dev/null || echo 100) + 1 )); echo $n > "$here/n"; echo "$n"`,
  sinfo: `case "$*" in *%R*) printf 'low\\nhigh\\n';; *) echo '2 (null)';; esac`,
  squeue: `cat "$here/queue" 2>/dev/null || true`,
  scancel: 'true',
  // The file "job" tells the state of the job, "restarts" its starts. What is put back into the queue ends as Slurm ends it:
  // all processes of the job are told, this one too unless it is shielded.
  scontrol: `case "$1" in
show) echo "JobId=7 JobState=$(cat "$here/job" 2>/dev/null || echo RUNNING) Requeue=1 Restarts=$(cat "$here/restarts" 2>/dev/null || echo 0) BatchFlag=1";;
requeue) [ -f "$here/refuse-requeue" ] && { echo "scontrol: error: disabled" >&2; exit 1; }; (sleep 0.3; kill -KILL "$PPID") > /dev/null 2>&1 &
  kill -TERM $$ ;;
esac
true`,
};

/** Makes them in the folder. */
export function fakeSlurm(folder: string): FakeSlurm {
  mkdirSync(folder, { recursive: true });
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/bash\nhere=${folder}\necho "${name} $*" >> "$here/calls"\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  writeFileSync(join(folder, 'calls'), '');
  return {
    path: `${folder}${delimiter}${process.env['PATH']}`,
    calls: () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n'),
    queue: (text) => writeFileSync(join(folder, 'queue'), text),
  };
}
