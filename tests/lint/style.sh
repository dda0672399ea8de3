#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: style.sh SOURCE_ROOT
. "$(dirname "$0")/../tap.sh"
cd "$1" || exit 1
mapfile -t sources < <(find runtime bench tests -name '*.[ch]' | sort)

formatted() { clang-format --dry-run --Werror "${sources[@]}"; }
if command -v clang-format > /dev/null; then
	ok 'C files are formatted' formatted
else
	skip 'C files are formatted' 'no clang-format'
fi

# Strings and block comments may hold slashes; code may not.
no_line_comments() {
	awk '
	{
		line = $0
		gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
		gsub(/\/\*.*\*\//, "", line)
		if (in_comment) {
			if (line !~ /\*\//)
				next
			sub(/.*\*\//, "", line)
			in_comment = 0
		}
		if (line ~ /\/\*/) {
			sub(/\/\*.*/, "", line)
			in_comment = 1
		}
		if (line ~ /\/\//) {
			print FILENAME ":" FNR ": " $0
			bad = 1
		}
	}
	END { exit bad }' "${sources[@]}"
}
ok 'no line comments' no_line_comments

spdx() {
	local file bad=0
	for file in "${sources[@]}"; do
		[ "$(head -n 1 "$file")" = '/* SPDX-License-Identifier: MIT */' ] ||
			{ echo "$file"; bad=1; }
	done
	return $bad
}
ok 'each C file begins with its licence line' spdx

short() {
	local file nr bad=0
	for file in "${sources[@]}"; do
		nr=$(wc -l < "$file")
		[ "$nr" -le 400 ] || [ "$file" = runtime/rota.h ] ||
			{ echo "$file: $nr lines"; bad=1; }
	done
	return $bad
}
ok 'no file is longer than 400 lines' short
clean() { ! grep -nE '[[:space:]]+$' "${sources[@]}"; }
ok 'no trailing space' clean
no_marks() { ! git ls-files '*.md' | xargs grep -nE '@[A-Z]+@'; }
if git rev-parse > /dev/null 2>&1; then
	ok 'no mark stands for text that is to come' no_marks
fi
done_testing
