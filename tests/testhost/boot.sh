#!/bin/sh
# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
#
# Boot a throw-away copy of a root tree. Run in mount and PID namespaces of its own: when this
# process ends, however it ends, every mount and every process of the machine is gone.
#
# usage: boot.sh TREE RUN_DIRECTORY NAME HOST_NAME
set -eu
tree=$1 run=$2 name=$3 host=$4

# The tree is only read; what the machine writes lives in memory. (A tmpfs also works where the
# checkout itself is on an overlay, which could not be the upper layer of another.)
mount -t tmpfs -o mode=0755 tmpfs "$run"
mkdir "$run/upper" "$run/work" "$run/root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$run/upper,workdir=$run/work" "$run/root"

echo "$host" > "$run/root/etc/hostname"
# sudo complains about a host name that does not resolve.
printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$host" > "$run/root/etc/hosts"

# A control group per machine, in a tree of the unified hierarchy whatever this host has mounted:
# Debian 13 boots in no other, and two machines in one group would end each other's processes.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$name"

# Screen lockers keep what is typed out of the swap, as every user may; nspawn's filter would not
# let them. bpf is how systemd enforces DeviceAllow=, IPAddressDeny= and SocketBindDeny=.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
boot() (
    echo 0 > "/sys/fs/cgroup/$name/cgroup.procs"
    exec systemd-nspawn --quiet --directory="$run/root" --machine="$name" --boot \
        --private-network --register=no --keep-unit \
        --resolv-conf=off --timezone=off --link-journal=no --console=read-only \
        --system-call-filter="mlock mlock2 munlock bpf" --capability=CAP_BPF,CAP_PERFMON
)
# With this status systemd-nspawn asks to be started again: the machine restarts.
status=133
while [ "$status" = 133 ]; do
    status=0
    boot || status=$?
done
exit "$status"
