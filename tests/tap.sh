# SPDX-License-Identifier: MIT
# TAP for the shell tests: sourced.
nr=0 passed=0 failed=0 skipped=0

# ok NAME COMMAND...: one case; what the command says shows if it fails
ok() {
	local name=$1 output
	shift
	nr=$((nr + 1))
	if output=$("$@" 2>&1); then
		echo "ok $nr - $name"
		passed=$((passed + 1))
	else
		printf '%s\n' "$output" | sed 's/^/# /'
		echo "not ok $nr - $name"
		failed=$((failed + 1))
	fi
}

# skip NAME WHY
skip() {
	nr=$((nr + 1))
	skipped=$((skipped + 1))
	echo "ok $nr - $1 # SKIP $2"
}

done_testing() {
	echo "1..$nr"
	echo "# $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
}
