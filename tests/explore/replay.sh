#!/bin/bash
# SPDX-License-Identifier: MIT
# A schedule that fails is saved, fails again in the same way, and another
# program says that it does something else with it. Cases are listed, and a name
# that is none is told.
# usage: replay.sh PROGRAM MUTANT CASE OTHER-CASE
set -u
program=$1 mutant=$2 case=$3 other=$4
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0 nr=0

# says NAME CODE TEXT COMMAND...: it exits with CODE and prints TEXT
says() {
	local name=$1 code=$2 text=$3 is_ok='not ok' exited
	shift 3
	"$@" > "$dir/out" 2>&1
	exited=$?
	[ $exited -eq "$code" ] && grep -q -- "$text" "$dir/out" && is_ok=ok
	[ "$is_ok" = ok ] || {
		failed=$((failed + 1))
		sed 's/^/# /' "$dir/out"
		echo "# exit code $exited"
	}
	echo "$is_ok $((++nr)) - $name"
}

saved=$dir/saved
says a_failure_is_saved 0 "# saved: --replay $saved" \
	"$mutant" --mutant --save "$saved" "$case"
says it_fails_again_in_the_same_way 1 '# fails as recorded' \
	"$mutant" --replay "$saved"
says and_from_its_choices_alone 1 '# failed: ' \
	"$mutant" --replay "$(sed -n 's/^schedule //p' "$saved")" "$case"
says the_right_source_diverges_from_it 2 '# diverges: step' \
	"$program" --replay "$saved"
says another_case_diverges_from_it 2 '# diverges: step' \
	"$mutant" --replay "$saved" "$other"

# the same steps without the last one: as if it had failed before
head -n 20 "$saved" > "$saved.short"
says a_failure_that_does_not_come_diverges 2 '# diverges: it goes on' \
	"$mutant" --replay "$saved.short"
echo nonsense > "$saved.bad"
says a_file_that_is_none_is_refused 2 'no schedule in' \
	"$mutant" --replay "$saved.bad"

says a_drawn_failure_is_saved 0 "# saved: --replay $saved" \
	"$mutant" --mutant --seed 1 --save "$saved" 4x4x2_quiesce_drawn
says it_fails_again_without_the_seed 1 '# fails as recorded' \
	"$mutant" --replay "$saved"

says its_cases_are_listed 0 "^$case\$" "$program" --list
says a_case_that_is_none_is_told 2 'no case nonsense; --list shows them' \
	"$program" nonsense
says an_option_that_is_none_is_told 2 '^usage: ' "$program" --nonsense

echo "1..$nr"
echo "# $((nr - failed)) passed, $failed failed"
exit $((failed != 0))
