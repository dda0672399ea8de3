#!/bin/bash
# SPDX-License-Identifier: MIT
# rota.h alone, twice, as C11 and as C++17, without a warning.
# usage: header.sh SOURCE_ROOT
. "$(dirname "$0")/../tap.sh"
header=$1/runtime/rota.h
warnings='-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Werror'
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat > "$dir/use.c" <<'END'
#include "rota.h"
#include "rota.h"
int use(void);
int use(void)
{
	struct rota_options options = {0};
	struct rota_stats stats = {0};
	struct rota_report report = {0, 0, 0, 0};
	struct rota_pool *pool = 0;
	struct rota_job job = {0, 0};
	size_t accepted = 0;

	return rota_pool_create(&options, &pool) + rota_pool_stats(pool, &stats) +
		rota_submit_many(pool, &job, 1, &accepted) +
		rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, &report);
}
END
cp "$dir/use.c" "$dir/use.cc"
compile() {
	# shellcheck disable=SC2086
	"$@" $warnings -I "$(dirname "$header")" -c -o "$dir/use.o"
}
ok 'the header compiles alone as C11' \
	compile ${CC:-cc} -std=c11 "$dir/use.c"
if command -v "${CXX:-c++}" > /dev/null; then
	# C++17 has no designated or empty-member rules that {0} would break
	ok 'the header compiles alone as C++17' \
		compile "${CXX:-c++}" -std=c++17 -Wno-missing-field-initializers \
		"$dir/use.cc"
else
	skip 'the header compiles alone as C++17' 'no C++ compiler'
fi
once() {
	! grep -nE '//|[[:space:]]$' "$header"
}
ok 'the header has no line comments and no trailing space' once
done_testing
