#!/bin/bash
# Ends what start.sh has started in the folder given, and what still runs there without its daemons.
here=$(realpath -m "$1")
for file in "$here/slurmd.pid" "$here/slurmctld.pid" "$here/munge/pid"; do
  if [ -s "$file" ]; then kill "$(cat "$file")"; fi
done
for script in $(pgrep -f "^/bin/bash $here/d/job"); do
  step=$(ps -o ppid= -p "$script")
  kill -KILL "$script" "$step" 2> /dev/null
  kill -KILL -- "-$script" 2> /dev/null
done
exit 0
