#!/bin/bash
# One element of a submission: brings one stage up to date on a node, and asks for its place in the queue again where it was
# stopped before its end. Arguments: folder of the submission, name of the array, how many starts in a row may bring
# nothing, seconds from the first TERM to a requeue without waiting further.
folder=$1
array=$2
most=${3:-30}
patience=${4:-90}
index=${SLURM_ARRAY_TASK_ID:-0}
id=$SLURM_JOB_ID
[ -n "${SLURM_ARRAY_JOB_ID:-}" ] && id=${SLURM_ARRAY_JOB_ID}_$index
state=$folder/state/$array-$index
told= child=

say() { echo "== $(date '+%F %T') $*"; }

# Slurm sends TERM to all processes of the job as soon as it has heard of a requeue, also to the command that tells it.
unharmed() { (trap '' TERM && exec "$@"); }

# What selfsup jobs reads: done, failed, requeued ... since when.
mark() { echo "$*" > "$state.new" && unharmed mv "$state.new" "$state"; }

# The stage hears of it once: Slurm sends it again, to all processes, when a job is requeued or its grace time ends.
term() {
  [ -n "$told" ] && return
  told=1
  deadline=$((SECONDS + patience))
  say "asked to stop; what is begun is saved first"
  [ -n "$child" ] && kill -TERM "$child" 2> /dev/null
}
trap term TERM

# Those that wait for this element would wait for ever.
cancel_waiters() {
  [ -f "$folder/waiters/$array" ] || return
  while read -r job how; do
    if [ "$how" = corr ]; then job=${job}_$index; fi
    unharmed scancel "$job"
  done < "$folder/waiters/$array"
}

fail() {
  mark "failed $1"
  cancel_waiters
  exit "$1"
}

# Puts this element back into the queue, by array and number: with the bare number all of them would go. Its number stays,
# so that those who wait for it still do.
requeue() {
  [ -e "$folder/cancelled" ] && return 1
  local seen restarts
  for _ in 1 2 3; do
    seen=$(unharmed scontrol show job "$id" -o | head -n 1)
    restarts=$(sed -n 's/.* Restarts=\([0-9]*\).*/\1/p' <<< "$seen")
    # Put back already, by Slurm or by an order of which the answer was lost: that counts as a start. Else, if it was ended,
    # it was cancelled.
    if [ "${restarts:-0}" -gt "${SLURM_RESTART_COUNT:-0}" ]; then
      mark "requeued ${SLURM_RESTART_COUNT:-0}"
      return
    fi
    if [ -n "$seen" ] && [[ $seen != *JobState=RUNNING* ]]; then return 1; fi
    mark "requeued ${SLURM_RESTART_COUNT:-0}"
    unharmed scontrol requeue "$id" && return
    sleep 2
  done
  return 1
}

# Tells whether what lies in the work folder has changed since the start before: names, sizes and beginnings of files, in
# which checkpoints hold their position.
fingerprint() {
  [ -d "$1" ] || return
  (
    cd "$1" || exit
    find . -type f ! -path './lease*' ! -path '*/events/*' ! -name '*.tmp' ! -name 'lock.mdb' \
      ! -name attempt.json ! -name progress.json ! -name metrics.jsonl -print0 | LC_ALL=C sort -z |
      while IFS= read -r -d '' file; do
        stat -c '%n %s' "$file"
        head -c 1048576 "$file"
      done 2> /dev/null | sha256sum | cut -c 1-16
  )
}

IFS=$'\t' read -r work command <<< "$(sed -n "$((index + 1))p" "$folder/elements/$array.tsv")"
read -r before count 2> /dev/null < "$state.starts"
now=$(fingerprint "$work")
if [ "${now:-nothing}" = "${before:-}" ]; then count=$((count + 1)); else count=0; fi
echo "${now:-nothing} $count" > "$state.starts"
say "job $id, restart ${SLURM_RESTART_COUNT:-0}, on $(hostname): $command"
if [ "$count" -ge "$most" ]; then
  echo "error: $count starts in a row have brought this stage no further"
  echo "  file:   $work"
  echo "  remedy: Give it more time: selfsup submit ... -- --time=<longer>. What it needs between two saves has to fit."
  fail 1
fi
mark "runs ${SLURM_RESTART_COUNT:-0} $(hostname)"

export SELFSUP_THREADS=${SLURM_CPUS_PER_TASK:-1}
unset NX_TASK_TARGET_PROJECT
eval "exec $command" &
child=$!
[ -n "$told" ] && kill -TERM "$child" 2> /dev/null
while kill -0 "$child" 2> /dev/null; do
  if [ -z "$told" ]; then
    wait "$child"
  elif [ "$SECONDS" -lt "$deadline" ]; then
    sleep 0.5
  else
    # At its time limit Slurm would end it for good.
    say "still at work after $patience seconds: back into the queue; it goes on from its last save"
    deadline=$((SECONDS + 86400))
    requeue
  fi
done
wait "$child"
code=$?
say "exit $code"
# Stopped: saved (130), a peer lost (75), or asked to stop before it could listen.
if [ "$code" = 130 ] || [ "$code" = 75 ] || { [ "$code" = 143 ] && [ -n "$told" ]; }; then
  told=1 deadline=$((SECONDS + 86400))
  if requeue; then
    # Slurm ends this script.
    for _ in {1..120}; do sleep 1; done
    exit 130
  fi
  say "not put back into the queue: cancelled, or refused"
  mark "cancelled"
  cancel_waiters
  exit 130
fi
[ "$code" = 0 ] || fail "$code"
mark "done"
exit 0
