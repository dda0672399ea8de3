#!/bin/bash
# SPDX-License-Identifier: MIT
# What manual.py makes of rota.h: a page for each function, without a word from
# mandoc; the reference without a word from Doxygen.
# usage: run.sh SOURCE_ROOT
. "$(dirname "$0")/../tap.sh"
doc=$1/runtime/doc header=$1/runtime/rota.h
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

pages() {
	python3 -B "$doc/manual.py" "$header" --pages "$dir" &&
		diff <(cd "$dir" && ls) \
			<(python3 -B "$doc/manual.py" "$header" --list | sort)
}
each_function() {
	local name
	for name in $(grep -oE '\<rota_[a-z_]+' "$1/runtime/rota.map"); do
		grep -q "^\.Fo $name$" "$dir/$name.3" || {
			echo "no page for $name"
			return 1
		}
	done
}
no_comment_is_refused() {
	sed '/^ \* rota_submit() - /,/^ \*\/$/d' "$header" > "$dir/bare.h"
	! python3 -B "$doc/manual.py" "$dir/bare.h" --list
}
lint() {
	local page said=0
	for page in "$dir"/*.[37]; do
		mandoc -T lint -W warning "$page" || said=1
	done
	return $said
}
shows() { # shows PAGE WORDS
	mandoc -T ascii "$dir/$1" | sed 's/.\x08//g' | tr -s ' \n' ' ' | grep -F "$2"
}

ok 'manual.py writes the pages that it lists' pages
ok 'each function has a page' each_function "$1"
ok 'a function without a comment is refused' no_comment_is_refused
rm -f "$dir/bare.h"
if command -v mandoc > /dev/null; then
	ok 'mandoc has nothing to say' lint
	ok 'a page shows the prototype' shows rota_submit.3 \
		'rota_submit(struct rota_pool *pool, rota_run_fn run, void *arg);'
	ok 'a page shows what is returned' shows rota_submit.3 'ESHUTDOWN closed'
else
	skip 'mandoc has nothing to say' 'no mandoc'
fi
if command -v doxygen > /dev/null; then
	ok 'doxygen has nothing to say' "$doc/html.sh" "$dir/html" \
		python3 -B "$doc/manual.py" "$header"
else
	skip 'doxygen has nothing to say' 'no doxygen'
fi
done_testing
