#!/bin/bash
# SPDX-License-Identifier: MIT
# What the shared library exports is what the map lists and the header declares.
# usage: symbols.sh MAP LIBRARY
. "$(dirname "$0")/../tap.sh"
map=$1 library=$2
listed() {
	sed -n '/global:/,/local:/p' "$map" | grep -oE '\<rota_[a-z_]+' | sort
}
exported() {
	nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ && $2 != "A" { print $3 }' |
		sed 's/@.*//' | sort
}
declared() {
	sed -n '/^ROTA_API/,/;/p' "$(dirname "$map")/rota.h" |
		grep -oE '\<rota_[a-z_]+\(' | tr -d '(' | sort -u
}
same() {
	diff <("$1") <("$2") && [ -n "$("$1")" ]
}
no_instrumentation() { ! nm -D "$library" | grep -qE '__(asan|tsan)_'; }
if no_instrumentation; then
	ok 'the library exports what the map lists' same listed exported
else
	skip 'the library exports what the map lists' 'instrumented build'
fi
ok 'the header declares what the map lists' same listed declared
versioned() {
	! nm -D --defined-only "$library" | grep ' T ' | grep -v '@@ROTA_0'
}
ok 'each exported function has a version' versioned
done_testing
