#!/bin/bash
# SPDX-License-Identifier: MIT
# The newer benchmark programs with pools that are wrong (broken.c, faulty.c): each
# must say so and fail, within the time after which it calls a pool stalled.
# usage: faulty.sh DIRECTORY_OF_THE_PROGRAMS
. "$(dirname "$0")/../../tap.sh"
programs=$1
# what is wrong here is the pool, and it is left as it is
export TSAN_OPTIONS=report_bugs=0 ASAN_OPTIONS=detect_leaks=0

run() { # run POOL PROGRAM OPTION...
	local pool=$1
	shift
	timeout 60 "$programs/test-selftest-$1" --pool="$pool" "${@:2}" 2>&1
}
notices() { # notices POOL PROGRAM OPTION...
	local output status
	output=$(run "$@")
	status=$?
	printf '%s\n' "status $status: $output"
	[ $status -eq 1 ] && [[ $output != *'"verified": true'* ]]
}
is_content() { # is_content POOL PROGRAM OPTION...
	local output
	output=$(run "$@")
	local status=$?
	printf '%s\n' "status $status: $output"
	[ $status -eq 0 ] && [[ $output == *'"verified": true'* ]]
}
says() { # says TEXT POOL PROGRAM OPTION...: and that is no failure
	local text=$1 output
	shift
	output=$(run "$@") && [[ $output == *"$text"* ]]
}

tiny() { # tiny COMMAND POOL: each program, as short as can be
	"$1" "$2" openloop --jobs=50 --load=20
	"$1" "$2" mixed --jobs=50 --sleep-us=100
	"$1" "$2" ramp --workers=2 --ramps=20
	"$1" "$2" fan --jobs-per-round=4 --rounds=20
	"$1" "$2" chain --chains=2 --hops=100
	"$1" "$2" wake --jobs=50 --idle-ms=1
}
noticed() {
	ok "$2 notices that the pool $1" notices "$@"
}
accepted() {
	ok "$2 accepts the pool in front of which the faults are" is_content "$@"
}

tiny accepted sound
tiny noticed broken-drops
tiny noticed broken-twice
ok 'openloop does not wait for a pool that never ends' \
	notices hangs openloop --jobs=50 --load=20
ok 'mixed does not wait for a pool that never ends' \
	notices hangs mixed --jobs=50 --sleep-us=100
ok 'wake does not wait for a pool that never ends' \
	notices hangs wake --jobs=20 --idle-ms=1
tiny noticed 'swaps'
tiny noticed 'refuses'
ok 'ramp needs but one worker for one job' \
	is_content broken-starves-worker ramp --workers=1 --ramps=20
ok 'fan notices that the pool does not wait' \
	notices leaves fan --native=1 --jobs-per-round=1000 --rounds=20
ok 'fan knows who has no wait of its own' \
	says '"not_applicable": "it has no wait' sound fan --native=1
ok 'chain knows whose jobs may not submit' \
	says '"not_applicable": "jobs may not submit jobs"' limited chain

# The same with longer options, and what else they must notice.
tells() { # tells TEXT POOL PROGRAM OPTION...: fails, and says so
	local text=$1 output
	shift
	output=$(notices "$@") && [[ $output == *"$text"* ]]
}
fails() { # fails POOL PROGRAM OPTION...: in any way, but it ends
	local output status
	output=$(run "$@")
	status=$?
	printf '%s\n' "status $status: $output"
	[ $status -ne 0 ] && [ $status -ne 124 ]
}
drops_and_doubles() { # PROGRAM OPTION...
	ok "$* accepts the pool in front of which the faults are" \
		is_content sound "$@"
	ok "$* notices that the pool drops" tells "$1: broken-drops: " broken-drops "$@"
	ok "$* notices that the pool doubles" tells "$1: broken-twice: " broken-twice "$@"
}
drops_and_doubles throughput --jobs=5000 --time-submit=1
drops_and_doubles burst --bursts=5 --time-submit=1
drops_and_doubles fairness --ms=50
drops_and_doubles fairness --ms=50 --workers=1
for pattern in 0 1 2; do
	drops_and_doubles graph --pattern=$pattern --steps=200
done
drops_and_doubles life --queued=100 --cycles=20
drops_and_doubles memory --jobs=1000
drops_and_doubles churn --seconds=1
for kind in 0 1; do
	options="--kind=$kind --n=$((4 + 12 * kind))"
	ok "nested $options accepts the right pool" \
		is_content sound nested $options
	ok "nested $options notices a lost call" tells 'some jobs are lost' \
		broken-drops nested $options
	# a call that runs again finds its frame gone: it may also crash
	ok "nested $options fails if a call runs twice" \
		fails broken-twice nested $options
done
ok 'life notices that threads are left' tells 'threads more than' \
	leaks-thread life --cycles=100
ok 'churn notices that threads are left' tells 'threads left' \
	leaks-thread churn --seconds=1
if [ -z "${ROTA_SANITIZE-}" ] || [ "$ROTA_SANITIZE" = none ]; then
	ok 'life notices that the heap grows' tells 'bytes of heap more' \
		leaks-heap life --cycles=100
	ok 'life notices that mappings are left' tells 'mappings more than' \
		leaks-mapping life --cycles=100
	ok 'churn notices that memory grows' tells 'it grew by' \
		leaks-heap churn --seconds=2
fi

run_queue() {
	timeout 60 "$programs/test-selftest-queue" --pairs=2000 "$@" 2>&1
}
queue_tells() { # queue_tells TEXT OPTION...
	local text=$1 output status
	shift
	output=$(run_queue "$@")
	status=$?
	printf '%s\n' "status $status: $output"
	[ $status -eq 1 ] && [[ $output == *"$text"* ]]
}
for mode in 0 1 2; do
	ok "queue --mode=$mode accepts a right queue" \
		run_queue --mode=$mode --queue=2
	ok "queue --mode=$mode notices a lost value" \
		queue_tells 'queue: drops: ' --mode=$mode --queue=90
	ok "queue --mode=$mode notices a doubled value" \
		queue_tells 'not each value came once' --mode=$mode --queue=91
	ok "queue --mode=$mode notices a changed value" \
		queue_tells 'not each value came once' --mode=$mode --queue=92
done
done_testing
