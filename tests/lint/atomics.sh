#!/bin/bash
# SPDX-License-Identifier: MIT
# Every memory order is written down, and every primitive has one home.
# usage: atomics.sh SOURCE_ROOT
. "$(dirname "$0")/../tap.sh"
cd "$1/runtime" || exit 1
mapfile -t sources < <(find . -name '*.[ch]' | sort)
mapfile -t outside_sys < <(find . -name '*.[ch]' -not -path './sys/*' | sort)

# The code alone: comments blanked, line numbers kept.
code() {
	local file
	for file in "$@"; do
		awk -v file="${file#./}" '
		{
			line = $0
			out = ""
			while (line != "") {
				if (in_comment) {
					at = index(line, "*/")
					if (!at)
						break
					line = substr(line, at + 2)
					in_comment = 0
					continue
				}
				at = index(line, "/*")
				if (!at) {
					out = out line
					break
				}
				out = out substr(line, 1, at - 1) " "
				line = substr(line, at + 2)
				in_comment = 1
			}
			print file ":" FNR ": " out
		}' "$file"
	done
}

explicit() {
	! code "${sources[@]}" |
		grep -E '\<atomic_(load|store|exchange|compare_exchange_(weak|strong)|fetch_(add|sub|or|xor|and)|flag_(test_and_set|clear))\>'
}
ok 'no atomic access has a hidden order' explicit
builtins() {
	! code "${outside_sys[@]}" |
		grep -E '\<__(sync|atomic)_|\<volatile\>|\<(__)?asm(__)?\>'
}
ok 'builtins, volatile and assembly live in sys/' builtins
ck() {
	! code "${sources[@]}" | grep -v '^ring\.h:' |
		grep -E '#[[:space:]]*include[[:space:]]*[<"]ck_'
}
ok 'only ring.h includes Concurrency Kit' ck
implicit() { # a plain ++ or = on an _Atomic would be sequentially consistent
	local file declares names name bad=0
	for file in "${sources[@]}"; do # its members are in it or in its header
		declares=("$file")
		[ "$file" != "${file%.c}" ] && [ -e "${file%.c}.h" ] &&
			declares+=("${file%.c}.h")
		names=$(code "${declares[@]}" |
			grep -oE '_Atomic(\([^)]*\)|[[:space:]]+[a-z_0-9]+)[[:space:]]+\*?[a-z_]+' |
			awk '{ sub(/^\*/, "", $NF); print $NF }' | sort -u)
		for name in $names; do
			code "$file" |
				grep -E "(->|\.)$name(\+\+|--|[[:space:]]*[-+|&^]?=[^=])" &&
				bad=1
		done
	done
	return $bad
}
ok 'no plain operator touches an atomic member' implicit
done_testing
