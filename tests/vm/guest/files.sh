#!/bin/bash
# A file system on the namespace: made, filled, checked, and found again after a reconnect.
# shellcheck source=lib.sh
. ./lib.sh
m=/mnt

fill() {
  cp -a /usr/bin/[a-m]* $m/ && mkdir $m/deep && head -c 6000000 /dev/urandom >$m/deep/random &&
    for n in $(seq 200); do echo "file $n" >$m/deep/$n || return; done
}

must_connect "connect" $host_a "$NQN"
must "mkfs.ext4" mkfs.ext4 -q -F "$dev"
must "mount" mount "$dev" $m
must "copy files" fill
(cd $m && find . -type f -exec sha256sum {} +) >/tmp/sums
must "umount" umount $m
check "e2fsck finds it clean" e2fsck -fn "$dev"
must_disconnect
must_connect "connect again" $host_a "$NQN"
must "mount again" mount -o ro "$dev" $m
check "all $(wc -l </tmp/sums) files have what was written" \
  bash -c "cd $m && sha256sum --quiet -c /tmp/sums"
must "umount again" umount $m
check "e2fsck still finds it clean" e2fsck -fn "$dev"
must_disconnect
finish
