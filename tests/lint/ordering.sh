#!/bin/bash
# SPDX-License-Identifier: MIT
# Ordering tags. A definition is a comment that begins with
#	[module.X1] what; pairs with [module.X2]
# where X is R release, A acquire or F full fence. Each tag is defined once, its
# partners exist, and runtime/README.md has a row for each one, which ends with the
# test that needs it.
# usage: ordering.sh SOURCE_ROOT
. "$(dirname "$0")/../tap.sh"
cd "$1/runtime" || exit 1
mapfile -t sources < <(find . -name '*.[ch]' | sort)
tag='\[[a-z_]+\.[RAF][0-9]+\]'

# One line per comment: FILE:LINE: TEXT
comments() {
	local file
	for file in "${sources[@]}"; do
		awk -v file="${file#./}" '
		/\/\*/ && !inside { inside = 1; text = ""; at = FNR }
		inside {
			line = $0
			sub(/^[[:space:]]*\*[[:space:]]/, " ", line)
			text = text " " line
			if (line ~ /\*\//) {
				print file ":" at ": " text
				inside = 0
			}
		}' "$file"
	done
}
# DEFINED PARTNER pairs; PARTNER is - if the comment names none
pairs() {
	comments | grep -oE "/\*+[[:space:]]*$tag.*" |
		while IFS= read -r text; do
			local defined partners
			defined=$(grep -oE "$tag" <<< "$text" | head -n 1)
			partners=$(grep -oE "pairs with[^;:]*" <<< "$text" |
				head -n 1 | grep -oE "$tag")
			for partner in ${partners:--}; do
				echo "$defined $partner"
			done
		done
}
all=$(pairs)
defined() { cut -d ' ' -f 1 <<< "$all" | sort -u; }

some() { [ "$(defined | wc -l)" -ge 2 ]; }
ok 'there are ordering tags' some
once() {
	local twice
	twice=$(comments | grep -oE "/\*+[[:space:]]*$tag" | grep -oE "$tag" |
		sort | uniq -d)
	echo "$twice"
	[ -z "$twice" ]
}
ok 'each tag is defined once' once
named() { ! grep -E ' -$' <<< "$all"; }
ok 'each tag names a partner' named
known() {
	local d p bad=0
	while read -r d p; do
		[ "$p" = - ] || defined | grep -qxF "$p" ||
			{ echo "$d pairs with $p, which is not defined"; bad=1; }
	done <<< "$all"
	return $bad
}
ok 'each partner is defined' known
used() { # a tag in the text of another comment must exist too
	local t bad=0
	for t in $(comments | grep -oE "$tag" | sort -u); do
		defined | grep -qxF "$t" || { echo "$t is not defined"; bad=1; }
	done
	return $bad
}
ok 'no comment refers to a tag that is not defined' used
# The last column of the row of a tag
needed_by() {
	awk -F ' *[|] *' -v tag="$1" 'NF == 8 && $2 == tag { print $7 }' README.md
}
# CASE in backticks, or `mutant` and its name, or MODEL MUTANT, as in the row
exists() {
	local name=${1//\`/}
	case $1 in
	\`*\`) grep -qrF "\"${name%_lanes}\"" ../tests/explore --include='*.c' ;;
	mutant\ *) grep -qE "^${1#mutant } " ../tests/mutants/list/* ;;
	*) grep -qE "^caught $1( |\$)" ../tests/model/run.sh ;;
	esac
}
indexed() {
	local t row one tests bad=0
	for t in $(defined); do
		row=$(needed_by "$t")
		case $row in
		'') echo "$t has no row in runtime/README.md"; bad=1; continue ;;
		'argued: '*) continue ;;
		esac
		IFS=, read -ra tests <<< "${row#weak only: }"
		for one in "${tests[@]}"; do
			exists "${one# }" ||
				{ echo "$t: no test ${one# }"; bad=1; }
		done
	done
	return $bad
}
ok 'runtime/README.md has a row for each tag, with a test that exists' indexed
ordered() { # an order but relaxed has a tag at most 20 lines above, 3 below
	local file bad=0
	for file in $(printf '%s\n' "${sources[@]}" | grep -v '^\./sys/'); do
		awk -v file="${file#./}" -v tag="$tag" '
		$0 ~ tag { tags[FNR] = 1 }
		/memory_order_(acquire|release|acq_rel|seq_cst|consume)/ {
			orders[FNR] = $0
		}
		END {
			for (at in orders) {
				near = 0
				for (i = at - 20; i <= at + 3; i++)
					near += i in tags
				if (!near) {
					print file ":" at ": " orders[at]
					bad = 1
				}
			}
			exit bad
		}' "$file" || bad=1
	done
	return $bad
}
ok 'each order but relaxed has its tag close by' ordered
done_testing
