#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every header compiles alone behind config.h, without the help of others before it, and without a
# warning. CC and HEADER_FLAGS come from the build. Runs in the build directory.
: "${srcdir:=.}" "${CC:=cc}"

compile_alone()
{
	# shellcheck disable=SC2086
	printf '#include "config.h"\n#include "%s"\n' "$1" |
	    $CC $HEADER_FLAGS -I. -I"$srcdir" -Wno-unused -Werror -fsyntax-only -xc - 2>&1
}

headers=$(cd "$srcdir" && find common listener worker broker tests -name '*.h' | sort)
# shellcheck disable=SC2086
set -- $headers
echo "1..$#"
n=0
for h; do
	n=$((n + 1))
	if said=$(compile_alone "$h"); then
		echo "ok $n - $h"
	else
		echo "$said" | sed 's/^/# /'
		echo "not ok $n - $h"
	fi
done
