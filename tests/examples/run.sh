#!/bin/bash
# SPDX-License-Identifier: MIT
# Each program here, built as a user would against the shared library, must end
# with status 0.
# usage: run.sh SOURCE_ROOT BUILD_DIR
. "$(dirname "$0")/../tap.sh"
source=$1 build=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CC=${CC:-cc}

# build_program NAME FLAGS...
build_program() {
	local name=$1
	shift
	$CC -Wall -Wextra -Werror -D_GNU_SOURCE -I "$source/runtime" \
		"$source/tests/examples/$name.c" -o "$dir/$name" \
		-L "$build/runtime" -lrota "$@"
}
run_program() {
	LD_LIBRARY_PATH=$build/runtime timeout 30 "$dir/$1" > "$dir/output"
}
has_primes() { # of 1000 answers, in any order
	[ "$(wc -l < "$dir/output")" -eq 1000 ] &&
		grep -qx '997: 997' "$dir/output" &&
		grep -qx '1001: 7' "$dir/output"
}

ok 'the epoll loop builds' build_program epoll
ok 'the epoll loop runs' run_program epoll
ok 'it printed each answer' has_primes
ok 'the program that forks builds' build_program prefork -pthread
ok 'the program that forks runs' run_program prefork
if libuv=$(pkg-config --cflags --libs libuv 2> /dev/null); then
	# shellcheck disable=SC2086
	ok 'the libuv loop builds' build_program uv $libuv
	ok 'the libuv loop runs' run_program uv
else
	skip 'the libuv loop builds and runs' 'no libuv: apt install libuv1-dev'
fi
done_testing
