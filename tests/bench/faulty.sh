#!/bin/bash
# SPDX-License-Identifier: MIT
# The benchmark programs with pools that are wrong (faulty.c): each must say so
# and fail, within the time after which it calls a pool stalled (2 s here).
# usage: faulty.sh DIRECTORY_OF_THE_PROGRAMS
. "$(dirname "$0")/../tap.sh"
programs=$1
# what is wrong here is the pool, and it is left as it is
export TSAN_OPTIONS=report_bugs=0 ASAN_OPTIONS=detect_leaks=0

run() { # run POOL PROGRAM OPTION...
	local pool=$1
	shift
	timeout 60 "$programs/test-faulty-$1" --pool="$pool" "${@:2}" 2>&1
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
	"$1" "$2" wake --jobs=20 --idle-ms=1
}
noticed() {
	ok "$2 notices that the pool $1" notices "$@"
}
accepted() {
	ok "$2 accepts the pool in front of which the faults are" is_content "$@"
}

tiny accepted right
tiny noticed 'drops'
tiny noticed 'doubles'
ok 'openloop does not wait for a pool that never ends' \
	notices hangs openloop --jobs=50 --load=20
ok 'mixed does not wait for a pool that never ends' \
	notices hangs mixed --jobs=50 --sleep-us=100
ok 'wake does not wait for a pool that never ends' \
	notices hangs wake --jobs=20 --idle-ms=1
tiny noticed 'swaps'
tiny noticed 'refuses'
ok 'ramp notices that jobs run one after the other' \
	notices serial ramp --workers=2 --ramps=5
ok 'ramp needs but one worker for one job' \
	is_content serial ramp --workers=1 --ramps=20
ok 'fan notices that the pool does not wait' \
	notices leaves fan --native=1 --jobs-per-round=1000 --rounds=20
ok 'fan knows who has no wait of its own' \
	says '"not_applicable": "it has no wait' right fan --native=1
ok 'chain knows whose jobs may not submit' \
	says '"not_applicable": "jobs may not submit jobs"' limited chain
done_testing
