#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What `make dist` packs is what git tracks. What is rightly missing, and what the tarball has
# beyond that, is listed here. Runs in the build directory of a git clone, else there is nothing to
# compare.
: "${srcdir:=.}" "${MAKE:=make}"

# For a clone only; the tarball is what these make, or ignore.
left_out='.ci/run
.gitignore'
# So that the tarball needs no autotools.
added='Makefile.in
aclocal.m4
build-aux/*
config.h.in
configure'

skip()
{
	echo "1..0 # SKIP $1"
	exit 0
}

# Is $1 one of the patterns $2?
is_listed()
{
	for pattern in $2; do
		# shellcheck disable=SC2254
		case $1 in
		$pattern) return 0 ;;
		esac
	done
	return 1
}

# judge NUMBER NAME EXPECTED FILE...: each file must be expected.
judge()
{
	n=$1 name=$2 expected=$3 verdict=ok
	shift 3
	for file; do
		is_listed "$file" "$expected" || {
			echo "# $file"
			verdict='not ok'
		}
	done
	echo "$verdict $n - $name"
}

[ -e "$srcdir/.git" ] || skip "no git clone"
command -v git >/dev/null || skip "no git"
work=dist-test.$$
export LC_ALL=C
trap 'set +f; chmod -R u+w "$work" 2>/dev/null; rm -rf "$work" "$work".*' EXIT
git -c safe.directory='*' -C "$srcdir" ls-files >"$work.git" || skip "git does not list this clone"
unset MAKEFLAGS MFLAGS MAKELEVEL

echo "1..3"
if "$MAKE" -s distdir distdir="$work" >"$work.said" 2>&1; then
	echo "ok 1 - make distdir"
else
	sed 's/^/# /' "$work.said"
	echo "not ok 1 - make distdir"
fi
(cd "$work" && find . -type f | sed 's|^\./||') | sort >"$work.packed"
sort -o "$work.git" "$work.git"
set -f
# shellcheck disable=SC2046
judge 2 "what is tracked is packed" "$left_out" $(comm -23 "$work.git" "$work.packed")
# shellcheck disable=SC2046
judge 3 "what is packed is tracked" "$added" $(comm -13 "$work.git" "$work.packed")
