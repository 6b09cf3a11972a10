#!/usr/bin/env bash
# Run the workflow on a Slurm cluster of one node, which this script starts on this machine and
# removes at the end: the smoke tier, and one job whose node dies. It takes 10 to 20 minutes on two
# cores. It needs root and Debian packages, and exits with 77 (skipped) where it cannot have them.
#
# Usage: tests/slurm.sh [WORKING_DIRECTORY]
# PYTHON names the Python with dirgrad's packages. ONLY=mlp,cost/matrix runs only these and takes a
# few minutes; it must contain mlp.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
PYTHON=${PYTHON:-python3}
CONFIG=/etc/slurm
MADE=()
MUNGED='' CONTROLLER='' NODE=''

skip() {
  echo "slurm.sh: skipped: $1" >&2
  exit 77
}

fail() {
  echo "slurm.sh: failed: $1" >&2
  exit 1
}

say() {
  echo "slurm.sh: $1 ($SECONDS s)"
}

# Try a command once a second for a number of seconds.
wait_for() {
  local limit=$1
  shift
  for ((second = 0; second < limit; second++)); do
    "$@" && return
    sleep 1
  done
  fail "$* did not succeed within $limit s"
}

stop() {
  [ -z "$1" ] || ! kill "$1" 2>/dev/null || wait "$1" 2>/dev/null || true
}

clean_up() {
  local status=$?
  if [ -n "$CONTROLLER" ]; then
    scancel --user root 2>/dev/null && sleep 1 || true
    [ "$status" -eq 0 ] || tail -v -n 20 "$WORK"/slurm-*.log >&2
  fi
  stop "$NODE"
  stop "$CONTROLLER"
  stop "$MUNGED"
  [ -z "${RUN:-}" ] || stop "$RUN"
  rm -f "${MADE[@]}"
  [ -n "${KEPT:-}" ] || rm -rf "$WORK"
  exit "$status"
}

[ "$(id -u)" -eq 0 ] || skip "only root can start Slurm: run it in a container as root"
for file in "$CONFIG"/slurm.conf /etc/slurm-llnl/slurm.conf "$CONFIG"/gres.conf; do
  [ ! -e "$file" ] || skip "$file exists, and the cluster of this machine must stay as it is"
done
! pgrep '^slurm(ctl)?d$' >/dev/null || skip "a Slurm daemon runs on this machine already"

KEPT=${1:-}
WORK=${KEPT:-$(mktemp -d /tmp/dirgrad-slurm-XXXXXX)}
mkdir -p "$WORK"
trap clean_up EXIT

# Packages.

if ! command -v slurmctld slurmd munged >/dev/null; then
  command -v apt-get >/dev/null || skip "Slurm is not installed, and there is no apt-get"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=300 install --yes --quiet --no-install-recommends \
    slurm-wlm munge >"$WORK/apt.log" 2>&1 || {
    tail -n 5 "$WORK/apt.log" >&2
    skip "apt-get cannot install slurm-wlm and munge: try 'apt-get update' first"
  }
  say "installed slurm-wlm and munge, which stay installed"
fi

# The plugin goes into an environment of its own, which sees the packages of PYTHON.
"$PYTHON" -m venv "$WORK/venv"
PLUGIN=$("$PYTHON" -c '
import sys, tomllib
with open(sys.argv[1], "rb") as file:
    print(*tomllib.load(file)["project"]["optional-dependencies"]["slurm"])
' "$ROOT/pyproject.toml")
"$PYTHON" -c 'import site; print(*site.getsitepackages(), sep="\n")' \
  >"$("$WORK/venv/bin/python" -c 'import site; print(site.getsitepackages()[0])')/others.pth"
# shellcheck disable=SC2086
"$WORK/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  --constraint "$ROOT/requirements.lock" $PLUGIN 2>"$WORK/pip.log" || {
  cat "$WORK/pip.log" >&2
  skip "pip cannot install $PLUGIN"
}
export PATH="$WORK/venv/bin:$PATH"
say "installed $PLUGIN"

# The cluster. Its only node has one GPU that does not exist. Without accounting, the file of
# completed jobs says which jobs ran.

HOST=$(hostname -s)
CORES=$(getconf _NPROCESSORS_ONLN)
COMPLETED=$WORK/completed.txt
mkdir -p "$CONFIG" "$WORK/state" "$WORK/spool"
rm -f "$COMPLETED"
MADE=("$CONFIG/slurm.conf" "$CONFIG/gres.conf")
cat >"$CONFIG/slurm.conf" <<CONF
# Written by tests/slurm.sh of dirgrad, which removes it at its end.
ClusterName=dirgrad
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$WORK/munge.socket,cred_expire=10
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$COMPLETED
ReturnToService=2
SlurmdTimeout=10
MinJobAge=600
StateSaveLocation=$WORK/state
SlurmdSpoolDir=$WORK/spool
SlurmctldPidFile=$WORK/slurmctld.pid
SlurmdPidFile=$WORK/slurmd.pid
GresTypes=gpu
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$CORES RealMemory=$(awk '/MemTotal/ {print int($2 / 1100)}' /proc/meminfo) Gres=gpu:1
PartitionName=main Nodes=$HOST Default=YES MaxTime=INFINITE State=UP
CONF
echo "Name=gpu File=/dev/null" >"$CONFIG/gres.conf"

start_node() {
  slurmd -D >>"$WORK/slurm-node.log" 2>&1 &
  NODE=$!
  wait_for 60 node_is idle
}

node_is() {
  [ "$(sinfo --noheader --format=%T 2>/dev/null)" = "$1" ]
}

dd if=/dev/urandom of="$WORK/munge.key" bs=1024 count=1 status=none
chmod 400 "$WORK/munge.key"
munged --foreground --key-file="$WORK/munge.key" --socket="$WORK/munge.socket" \
  --pid-file="$WORK/munged.pid" --seed-file="$WORK/munge.seed" 2>"$WORK/slurm-munged.log" &
MUNGED=$!
wait_for 20 test -S "$WORK/munge.socket"
slurmctld -D >"$WORK/slurm-controller.log" 2>&1 &
CONTROLLER=$!
start_node
say "$(sinfo --version) has a node '$HOST' of $CORES cores"

# The smoke tier.

mkdir -p "$WORK/run"
cd "$WORK/run"
for name in Snakefile workflow profiles config src envs; do
  ln -sfn "$ROOT/$name" "$name"
done
# A cluster without accounting has no accounts, and only squeue knows the state of its jobs.
ON_CLUSTER=(
  python -m snakemake --workflow-profile profiles/slurm --config tier=smoke ${ONLY:+"only=[$ONLY]"}
  --slurm-no-account --slurm-status-command squeue
  --slurm-init-seconds-before-status-checks 2 --seconds-between-status-checks 2
)

# The targets, downloads and marks of complete records are no jobs of Slurm.
"${ON_CLUSTER[@]}" --dry-run >"$WORK/plan.log" 2>&1 || {
  cat "$WORK/plan.log" >&2
  fail "the smoke tier cannot be planned"
}
PLANNED=$(awk '/^Job stats:/ {seen = 1} seen && $2 ~ /^[0-9]+$/ && $1 !~ /^(all|default|data|records|total)$/ {
  jobs += $2 } $1 == "total" {print jobs; exit}' "$WORK/plan.log")
"${ON_CLUSTER[@]}" >"$WORK/smoke.log" 2>&1 || {
  tail -n 50 "$WORK/smoke.log" >&2
  fail "the smoke tier does not end well"
}
[ -s results/smoke/report.html ] || fail "the smoke tier wrote no report"
RAN=$(grep -c 'JobState=COMPLETED' "$COMPLETED")
[ "$RAN" -eq "$PLANNED" ] || fail "$RAN jobs went through Slurm, and $PLANNED were planned"
if [ "$CORES" -gt 1 ]; then
  COST=$(awk '$1 == "run_cost" {print $2; exit}' "$WORK/plan.log")
  EXCLUSIVE=$(grep -c "JobState=COMPLETED.* ProcCnt=$CORES " "$COMPLETED") || true
  [ "$EXCLUSIVE" -eq "${COST:-0}" ] || fail "$EXCLUSIVE jobs had the node, and ${COST:-0} measure cost"
fi
"${ON_CLUSTER[@]}" --dry-run >"$WORK/plan.log" 2>&1
grep -q 'Nothing to be done' "$WORK/plan.log" || fail "a second run repeats jobs"
say "the smoke tier is complete, and all its $RAN jobs went through Slurm"

# A node that dies.

RECORDS=results/smoke/records/training/mlp/jax/trials.parquet
rm "$RECORDS"
"${ON_CLUSTER[@]}" --set-resources run_training:gpu=1 -- "$RECORDS" >"$WORK/node.log" 2>&1 &
RUN=$!
running() {
  JOB=$(squeue --noheader --states=RUNNING --format=%i)
  [ -n "$JOB" ] && pgrep -f -- '-m dirgrad run training/mlp/jax' >/dev/null
}
wait_for 60 running
scontrol show job "$JOB" >"$WORK/job.txt"
grep -q 'gpu:1' "$WORK/job.txt" || fail "the job did not ask for a GPU"
# All processes of a dead node end at once, its daemon first.
PROCESSES=$(scontrol listpids "$JOB" | awk 'NR > 1 && $1 > 0 {print $1}')
kill -KILL "$NODE"
# shellcheck disable=SC2046,SC2086
kill -KILL $(pgrep -f "^slurmstepd: \[$JOB\.") $PROCESSES 2>/dev/null || true
wait "$NODE" 2>/dev/null || true
NODE=''
wait_for 60 node_is 'down*'
say "the node died during job $JOB"
start_node
say "the node is back"
wait "$RUN" || {
  tail -n 30 "$WORK/node.log" >&2
  fail "the run does not survive the death of the node"
}
[ -s "$RECORDS" ] || fail "the job of the dead node wrote no records"
scontrol show job "$JOB" | grep -q 'Restarts=1' || fail "Slurm did not run job $JOB again"
say "job $JOB was run again, and the run ended well"
