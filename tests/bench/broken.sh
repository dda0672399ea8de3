#!/bin/bash
# SPDX-License-Identifier: MIT
# Do the benchmark programs notice a pool that is wrong? Each runs on the pools
# of broken.c and must exit with an error and say what is wrong, not hang.
# usage: broken.sh DIRECTORY_OF_THE_PROGRAMS
. "$(dirname "$0")/../tap.sh"
programs=$1

run() { # run PROGRAM OPTION...
	timeout 60 "$programs/test-broken-$1" "${@:2}"
}
accepts() { run "$@"; }
notices() { # notices TEXT PROGRAM OPTION...: exits by itself, with this text
	local text=$1 output status
	shift
	output=$(run "$@" 2>&1)
	status=$?
	printf '%s\n' "exit $status" "$output"
	[ $status -eq 1 ] && [[ $output == *"$text"* ]]
}
# drops_and_doubles PROGRAM OPTION...: and the same pool that is right passes
drops_and_doubles() {
	local pool
	ok "$* is content with a pool that is right" accepts "$@" --pool=right
	for pool in drops doubles; do
		ok "$* notices a pool that $pool a job" notices "$1: $pool: " \
			"$@" --pool=$pool
	done
}

drops_and_doubles fairness --ms=50
drops_and_doubles fairness --ms=50 --workers=1
ok 'fairness notices a lost order' notices 'started before an earlier one' \
	fairness --ms=50 --workers=1 --pool=swaps
ok 'fairness notices a starved worker' notices 'a worker got none' \
	fairness --ms=50 --patience-ms=300 --pool=starves-worker
ok 'fairness notices a starved submitter' notices 'a submitter got none' \
	fairness --ms=50 --patience-ms=300 --pool=starves-submitter
for pattern in 0 1 2; do
	drops_and_doubles graph --pattern=$pattern --steps=200
done
drops_and_doubles throughput --jobs=5000 --time-submit=1
drops_and_doubles burst --bursts=5 --time-submit=1
drops_and_doubles life --queued=100 --cycles=20
for what in heap mapping thread; do
	ok "life notices a pool that leaks a $what" notices 'cycles before' \
		life --cycles=100 --pool=leaks-$what
done
drops_and_doubles churn --seconds=1
ok 'churn notices that memory grows' notices 'it grew by' \
	churn --seconds=2 --pool=leaks-heap
ok 'churn notices threads that are left' notices 'threads left' \
	churn --seconds=1 --pool=leaks-thread
drops_and_doubles memory --jobs=1000
for mode in 0 1 2; do
	options="--mode=$mode --pairs=2000"
	ok "queue $options is content with a queue that is right" \
		accepts queue $options --queue=2
	ok "queue $options notices a lost value" notices 'queue: drops: ' \
		queue $options --queue=90
	ok "queue $options notices a doubled value" notices 'not each value' \
		queue $options --queue=91
	ok "queue $options notices a changed value" notices 'not each value' \
		queue $options --queue=92
done

fails() { # fails PROGRAM OPTION...: in any way, but it ends
	local status
	run "$@"
	status=$?
	echo "exit $status"
	[ $status -ne 0 ] && [ $status -ne 124 ]
}
for kind in 0 1; do
	options="--kind=$kind --n=$((4 + 12 * kind))"
	ok "nested $options is content with a pool that is right" \
		accepts nested $options --pool=right
	ok "nested $options notices a lost call" notices 'some jobs are lost' \
		nested $options --pool=drops
	# a call that runs again finds its frame gone: it may also crash
	ok "nested $options fails if a call runs twice" fails nested $options \
		--pool=doubles
done
done_testing
