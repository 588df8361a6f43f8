#!/bin/bash
# stories NAME...: several stories in one boot, each in a shell of its own.
status=0
for name in "$@"; do
  SECONDS=0
  bash "./$name.sh" || status=1
  echo "# $name: $SECONDS s"
done
exit $status
