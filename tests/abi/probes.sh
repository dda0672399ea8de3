#!/bin/bash
# SPDX-License-Identifier: MIT
# The probes are in the library, none is where each job passes, and the script
# of bench/ draws from them where bpftrace may run.
# usage: probes.sh LIBRARY yes|no BENCH_DIR     (SERVER in the environment)
. "$(dirname "$0")/../tap.sh"
library=$1 has_probes=$2 script=$3/queue-wait.bt
port=0 pid=

found() { readelf -nW "$library" | awk '/Provider: rota/ { getline; print $2 }'; }
wanted() { printf '%s\n' done drop park rescue start stuck submit wake; }
all_there() { diff <(wanted) <(found | sort -u); }
# Addresses of probes that lie within the straight path.
none_on_the_way() {
	local at bad=0 start size kind name
	while read -r start size kind name; do
		for at in $(readelf -nW "$library" |
			sed -n 's/^ *Location: \(0x[0-9a-f]*\),.*/\1/p'); do
			if ((at >= 0x$start && at < 0x$start + 0x$size)); then
				echo "$at is in $name ($kind)"
				bad=1
			fi
		done
	done < <(nm -S "$library" |
		grep -E ' (rota_submit|rota_try_submit|run_lanes)(@@.*)?$')
	return $bad
}
symbols_are_known() { nm -S "$library" | grep -q ' run_lanes$'; }
none_there() { [ -z "$(found)" ]; }

start_server() {
	exec 3< <(exec "$SERVER" --measure --listen=127.0.0.1:0)
	pid=$!
	read -r -u 3 line
	port=${line##*:}
}
ask() {
	exec 4<> "/dev/tcp/127.0.0.1/$port" &&
		printf 'GET / HTTP/1.0\r\n\r\n' >&4 && cat <&4 > /dev/null
}
# A wait in some bucket, and as many jobs as there were requests.
draws() {
	local dir out tracer i
	dir=$(mktemp -d)
	out=$dir/out
	bpftrace -p "$pid" "$script" > "$out" 2>&1 &
	tracer=$!
	for i in $(seq 100); do
		grep -q '^waiting' "$out" && break
		sleep 0.1
	done
	for i in $(seq 25); do
		ask
	done
	sleep 1.5
	kill -INT "$tracer"
	wait "$tracer"
	cat "$out"
	grep -A3 '^@wait_us:' "$out" | grep -q '^\[.*|@' &&
		grep -A3 '^@run_us:' "$out" | grep -q '^\[.*|@' &&
		[ "$(awk '/^@jobs:/ { n += $2 } END { print n }' "$out")" -ge 25 ]
	i=$?
	rm -r "$dir"
	return $i
}
can_trace() {
	[ "$(id -u)" -eq 0 ] && command -v bpftrace > /dev/null &&
		timeout 20 bpftrace -e 'BEGIN { exit(); }' > /dev/null 2>&1
}

if [ "$has_probes" != yes ]; then
	ok 'a library without probes has none' none_there
	skip 'the probes are in the library' 'no sys/sdt.h'
elif ! command -v readelf > /dev/null; then
	skip 'the probes are in the library' 'no readelf'
else
	ok 'the probes are in the library' all_there
	if symbols_are_known; then
		ok 'no probe is where each job passes' none_on_the_way
	else
		skip 'no probe is where each job passes' 'stripped'
	fi
	if can_trace; then
		start_server
		ok 'the script draws the wait of a running server' draws
		kill "$pid"
		wait "$pid"
	else
		skip 'the script draws the wait of a running server' \
			'bpftrace is not there, or may not run'
	fi
fi
done_testing
