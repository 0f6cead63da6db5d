#!/bin/bash
# Starts a Slurm of one node without systemd, as root, for trials: all that it writes lies in the folder given, and it has
# a munge of its own. Arguments: folder, cores, first of two free ports. Prints what to export; stop.sh ends it.
# Packages (Debian): slurm-wlm munge.
#   eval "$(tests/slurm/start.sh /tmp/trial)" && sinfo
set -euo pipefail
here=$(realpath -m "$1")
cores=${2:-$(nproc)}
port=${3:-6827}
name=$(hostname -s)
mkdir -p "$here"/{ctld,d,log,munge}
chmod 755 "$here" "$here/munge"
chmod 700 "$here/log"
[ -s "$here/munge/key" ] || { dd if=/dev/urandom of="$here/munge/key" bs=1024 count=1 status=none && chmod 400 "$here/munge/key"; }
cat > "$here/slurm.conf" << CONF
ClusterName=trial
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
AuthType=auth/munge
# A job that was put back starts again only when its old credential has expired; two minutes by default.
AuthInfo=socket=$here/munge/socket,cred_expire=5
StateSaveLocation=$here/ctld
SlurmdSpoolDir=$here/d
SlurmctldPidFile=$here/slurmctld.pid
SlurmdPidFile=$here/slurmd.pid
SlurmctldLogFile=$here/log/slurmctld.log
SlurmdLogFile=$here/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=1
SchedulerType=sched/backfill
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
JobRequeue=1
KillWait=10
ReturnToService=2
NodeName=$name NodeAddr=127.0.0.1 CPUs=$cores State=UNKNOWN
PartitionName=low Nodes=$name Default=YES MaxTime=600 State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=20
PartitionName=high Nodes=$name MaxTime=600 State=UP PriorityTier=10 PreemptMode=OFF
CONF
export SLURM_CONF=$here/slurm.conf
/usr/sbin/munged --force --socket="$here/munge/socket" --key-file="$here/munge/key" --pid-file="$here/munge/pid" \
  --log-file="$here/log/munged.log" --seed-file="$here/munge/seed" > /dev/null 2>&1
slurmctld -i > /dev/null 2>&1
slurmd > /dev/null 2>&1
for _ in {1..150}; do
  if sinfo -h -o %T 2> /dev/null | grep -q idle; then
    echo "export SLURM_CONF=$here/slurm.conf"
    exit
  fi
  sleep 0.2
done
echo "no node has become idle; logs are in $here/log (is port $port or $((port + 1)) taken?)" >&2
exit 1
