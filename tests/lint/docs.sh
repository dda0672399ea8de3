#!/bin/bash
# SPDX-License-Identifier: MIT
# What the documents name is there: the files that links lead to, the test cases.
# usage: docs.sh SOURCE_ROOT
. "$(dirname "$0")/../tap.sh"
cd "$1" || exit 1
mapfile -t documents < <(find . -name '*.md' -not -path './build*' | sort)

some() { [ ${#documents[@]} -ge 8 ]; }
ok 'there are documents' some
links() {
	local file target bad=0
	for file in "${documents[@]}"; do
		while read -r target; do
			case $target in
			'' | *:*) continue ;; # an anchor; another site
			esac
			[ -e "${file%/*}/$target" ] ||
				{ echo "$file leads to $target"; bad=1; }
		done < <(grep -oE '\]\([^)#]*' "$file" | cut -c 3-)
	done
	return $bad
}
ok 'each link leads to a file' links

# has_case SOURCE NAME: NAME may end with *
has_case() { grep -qE "^(TEST|CASE|[A-Z_]+)\(${2//\*/.*}\>" "$1"; }
commands() { # build/tests/test-unit-full [OPTION]... CASE
	local file line suite name test bad=0 found=0
	for file in "${documents[@]}"; do
		while read -r line; do
			read -r suite name test < <(sed -E \
				's/^test-([a-z]+)-([a-z_]+) +(.*)/\1 \2 \3/' <<< "$line")
			found=$((found + 1))
			has_case "tests/$suite/$name.c" "$test" ||
				{ echo "$file: no $test in $suite/$name"; bad=1; }
		done < <(grep -oE 'test-(unit|stress)-[a-z_]+ +[a-z]+_[a-z_0-9]+' "$file")
	done
	[ $found -gt 0 ] && return $bad
}
ok 'each command runs a case that is there' commands
cases() { # unit or stress/NAME `case`, `case_*`
	local name bad=0 found=0
	for name in $(grep -oE '`[a-z0-9]+(_[a-z0-9]+){3,}_?\*?`' tests/README.md |
		tr -d '`' | grep -v '^rota_' | sort -u); do
		found=$((found + 1))
		grep -rqE "\(${name//\*/.*}\>" tests --include='*.c' --include='*.cc' ||
			{ echo "no case $name"; bad=1; }
	done
	[ $found -gt 20 ] && return $bad
}
ok 'each case that tests/README.md names is there' cases
done_testing
