#!/bin/bash
# SPDX-License-Identifier: MIT
# The binary interface against the one that is written down in rota.abi: only
# functions may be added. --keep writes it down anew: a decision, for instance
# that a struct which says its size has grown at its end (unit/options calls as
# older programs do); the difference is there to be reviewed.
# usage: compatible.sh SOURCE_ROOT [--keep]
. "$(dirname "$0")/../tap.sh"
source=$1 here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

mkdir "$dir/public" && cp "$source/runtime/rota.h" "$dir/public"

build() { # build RUNTIME LIBRARY: with debug information, else as it is shipped
	${CC:-cc} -g -O0 -fPIC -shared -std=gnu11 -D_GNU_SOURCE -I"$1" \
		"$1"/*.c "$1"/sys/*.c -fvisibility=hidden -pthread \
		-ftls-model=initial-exec -Wl,-soname,librota.so.0 \
		-Wl,--version-script="$1/rota.map" -o "$2"
}
write_down() { # write_down LIBRARY: no places, so that only changes change it
	abidw --exported-interfaces-only --drop-private-types \
		--headers-dir "$dir/public" --no-comp-dir-path \
		--no-corpus-path "$1" |
		sed -E "s/ (filepath|line|column)='[^']*'//g"
}
compare() { # compare LIBRARY: with the one written down
	write_down "$1" > "$dir/now.abi" &&
		abidiff --no-added-syms "$here/rota.abi" "$dir/now.abi"
}
altered() { # altered EXPRESSION LIBRARY: built after this change of rota.h
	rm -rf "$dir/runtime"
	cp -r "$source/runtime" "$dir/runtime" &&
		sed -i -E "$1" "$dir/runtime/rota.h" &&
		! cmp -s "$source/runtime/rota.h" "$dir/runtime/rota.h" &&
		build "$dir/runtime" "$2"
}

for tool in abidw abidiff; do
	command -v $tool > /dev/null || {
		skip 'the binary interface is as written down' "no $tool"
		done_testing
		exit
	}
done
if [ "${2:-}" = --keep ]; then
	build "$source/runtime" "$dir/librota.so" &&
		write_down "$dir/librota.so" > "$here/rota.abi"
	exit
fi

same() { build "$source/runtime" "$dir/same.so" && compare "$dir/same.so"; }
ok 'the binary interface is as written down' same

is_found() { # is_found EXPRESSION
	altered "$1" "$dir/altered.so" || return 1
	! compare "$dir/altered.so"
}
ok 'a member that becomes wider is found' \
	is_found 's/^\tunsigned workers;.*/\tuint64_t workers;/'
ok 'an enumerator that is inserted is found' \
	is_found 's/^\tROTA_FULL_FAIL,/\tROTA_FULL_NEW, ROTA_FULL_FAIL,/'
ok 'a struct that grows is found' \
	is_found '/^struct rota_options \{/,/^\};/s/^\};/\tuint64_t newest;\n};/'
done_testing
