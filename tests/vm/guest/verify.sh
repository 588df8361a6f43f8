#!/bin/bash
# Checksummed blocks of mixed sizes with each way of framing them.
# shellcheck source=lib.sh
. ./lib.sh
for options in "" "-g -G" "--disable-sqflow" "-g -G --disable-sqflow"; do
  # shellcheck disable=SC2086
  must_connect "connect ${options:-plainly}" $host_a "$NQN" $options
  check "fio verifies, ${options:-plain}" verify "$dev"
  must_disconnect "${options:+($options)}"
done
finish
