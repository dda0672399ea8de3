#!/bin/bash
# SPDX-License-Identifier: MIT
# Are the benchmark programs any good? Each pool that is wrong on purpose must
# make the programs named here fail, by themselves and with a message; the same
# pool without its fault passes the same.
# ../faulty.sh has faults of another kind, for the programs that are not here.
# usage: run.sh DIRECTORY_OF_THE_PROGRAMS
. "$(dirname "$0")/../../tap.sh"
programs=$1
# what is wrong here is the pool, and it is left as it is
export TSAN_OPTIONS=report_bugs=0 ASAN_OPTIONS=detect_leaks=0

run() { # run PROGRAM OPTION...
	timeout 60 "$programs/test-selftest-$1" "${@:2}"
}
passes() { run "$@" && run "$@" --pool=rota; }
fails() { # fails TEXT PROGRAM OPTION...: and says so on its error output
	local text=$1 output status
	shift
	output=$(run "$@" 2>&1 > /dev/null)
	status=$?
	printf '%s\n' "exit $status" "$output"
	[ $status -eq 1 ] && [[ $output =~ $text ]]
}
# catches FAULTS TEXT PROGRAM OPTION...: those pools fail, a sound one passes
catches() {
	local faults=$1 text=$2 fault
	shift 2
	ok "$* passes a sound pool" passes "$@" --pool=sound
	for fault in $faults; do
		ok "$* fails $fault" fails "$text" "$@" --pool="broken-$fault"
	done
}

# The checks that every pool must pass (tests/unit/baseline.c) are worth it, too;
# they wait for long, so all of them wait at once.
checks=$(mktemp -d) || exit 1
trap 'rm -rf "$checks"' EXIT
check_starts() { # check_starts FAULT CASE: alone it aborts, for a debugger
	ulimit -c 0
	{ "$programs/test-selftest-baseline" "broken-$1_$2"; } \
		> "$checks/$1_$2" 2>&1
	echo "exit $?" >> "$checks/$1_$2"
}
check_failed() { # check_failed FAULT CASE
	cat "$checks/$1_$2"
	grep -q 'failed:' "$checks/$1_$2" && grep -q 'exit 1' "$checks/$1_$2"
}
each_check() { # each_check COMMAND
	"$1" drops runs_each_job_exactly_once
	"$1" twice runs_each_job_exactly_once
	"$1" last-wake runs_each_job_exactly_once
	"$1" order one_worker_keeps_the_order
	"$1" starves-worker overlaps_two_blocking_jobs
	"$1" starves-submitter takes_jobs_of_four_submitters
}
start_check() { check_starts "$@" & }
end_check() {
	ok "$2 passes a sound pool" \
		"$programs/test-selftest-baseline" "sound_$2"
	ok "$2 fails $1" check_failed "$@"
}
each_check start_check

lost='are lost|WRONG'
catches 'drops twice last-wake' "$lost" throughput --jobs=2000
catches 'starves-submitter' "$lost" throughput --jobs=2000 --producers=2
catches 'drops twice last-wake' "$lost" tree --depth=3 --trees=1
catches 'drops twice last-wake' "$lost" burst --bursts=20
catches 'drops twice' "$lost" bulk --jobs=6400
catches 'drops twice' WRONG cost --jobs=1000
catches 'drops twice' 'WRONG|without an end' overload --flood-ms=100 \
	--calm-ms=50 --job-us=100 --deadline-us=5000
catches 'starves-worker' 'not all jobs run at the same time' ramp \
	--workers=2 --ramps=5
catches 'order' 'started before an earlier one' fairness --ms=50 --workers=1
catches 'starves-worker' 'a worker got none' fairness --ms=50 \
	--patience-ms=300
catches 'starves-submitter' 'a submitter got none|no job returned' fairness \
	--ms=50 --patience-ms=300

wait
each_check end_check

slower() { run throughput --jobs=2000 --pool="slower-$1"; }
for percent in 0 5 20; do
	ok "a pool that is $percent % slower is sound" slower $percent
done
done_testing
