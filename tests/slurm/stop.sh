#!/bin/bash
# Ends what start.sh has started in the folder given.
for file in "$1/slurmd.pid" "$1/slurmctld.pid" "$1/munge/pid"; do
  if [ -s "$file" ]; then kill "$(cat "$file")"; fi
done
