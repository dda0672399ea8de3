#!/bin/bash
# SPDX-License-Identifier: MIT
# Each benchmark program, a tiny run on each pool: it must end, print one line,
# and say that every job ran exactly once.
# Then what the scripts make of numbers and of disassembled instructions.
# usage: run.sh DIRECTORY_OF_THE_PROGRAMS DIRECTORY_OF_THE_SCRIPTS
. "$(dirname "$0")/../tap.sh"
programs=$1 scripts=$2
pools='rota mutex-receiver mutex-queue'
others=$("$programs/pools" | python3 -c '
import json, sys
names = [pool["name"] for pool in json.load(sys.stdin)["pools"]]
assert names[:3] == ["rota", "mutex-receiver", "mutex-queue"], names
print(*names[3:])') || exit 1

says() { # says TEXT PROGRAM OPTION...
	local text=$1 output
	shift
	output=$(timeout 60 "$programs/$@") || return 1
	printf '%s\n' "$output"
	[ "$(printf '%s\n' "$output" | wc -l)" -eq 1 ] &&
		printf '%s' "$output" | python3 -m json.tool > /dev/null &&
		[[ $output == *"$text"* ]]
}
verified() { says '"verified": true' "$@"; }
on_each_pool() { # on_each_pool PROGRAM OPTION...
	local pool
	for pool in $pools; do
		ok "$* on $pool" verified "$@" --pool="$pool"
	done
}
# applies PROGRAM OPTION...: verified, or it says why it does not run
applies() {
	verified "$@" || says '"not_applicable": "' "$@"
}
on_each_other() { # on_each_other PROGRAM OPTION...
	local pool
	for pool in $others; do
		ok "$* on $pool" applies "$@" --pool="$pool"
	done
}
refuses() { # refuses PROGRAM: a wrong option, and says which are right
	local output known="--pool=rota|mutex-receiver|mutex-queue"
	output=$("$programs/$1" --no-such=1 2>&1)
	[ $? -eq 2 ] && [[ $output == *"$known|${others// /|}"[[:space:]]* ]]
}

script() { # script: Python from stdin, which may import the scripts
	PYTHONPATH=$scripts python3 -B -W error -
}
metg() {
	script <<'PY'
from metg_part import bracket, crossing
at, bound = crossing([(10, 0.4), (40, 0.6)])
assert abs(at - 20) < 1e-9 and bound is None
assert crossing([(10, 0.5), (20, 0.7)]) == (10, "upper")
assert crossing([(10, 0.1), (20, 0.4)]) == (20, "lower")
at, bound = crossing([(10, 0.6), (20, 0.9)], 0.9)
assert abs(at - 20) < 1e-9 and bound is None
rates = [0.1, 0.3, 0.6, 0.8, 0.95]
for start in range(5):
    assert {1, 2} <= set(bracket(rates.__getitem__, 5, start)), start
    assert {3, 4} <= set(bracket(rates.__getitem__, 5, start, 0.9)), start
assert bracket(rates.__getitem__, 5, 1, 0.01) == {1: 0.3, 0: 0.1}
assert set(bracket(rates.__getitem__, 5, 3, 0.99)) == {3, 4}
PY
}
locked() {
	script <<'PY'
from cost_part import FENCE, LOCKED
for text in ("lock cmpxchgl %edx,(%rdi)", "lock xaddq %rax,0x40(%rbx)",
             "xchgl %eax,(%rdi)", "xchg %al,0x8(%rdi)"):
    assert LOCKED.search(text) and not FENCE.search(text), text
for text in ("lock orq $0x0,(%rsp)", "lock orl $0x0,-0x40(%rsp)", "mfence"):
    assert FENCE.search(text), text
for text in ("xchgw %ax,%ax", "movl %eax,(%rdi)", "callq 1030 <block@plt>"):
    assert not LOCKED.search(text) and not FENCE.search(text), text
PY
}

ok 'host' says '"futex_one_cpu_one_way_ns": ' host/host
on_each_pool throughput --producers=3 --workers=2 --jobs=2000
on_each_pool throughput --producers=64 --workers=8 --jobs=2000
on_each_pool throughput --jobs=500 --job-ns=1000
on_each_pool tree --depth=3 --trees=3
on_each_pool tree --depth=4 --fanout=8 --trees=2 --workers=4
on_each_pool tree --depth=0 --trees=2 --workers=1
on_each_pool tree --depth=2000 --fanout=1 --trees=1
on_each_pool burst --bursts=20
on_each_pool burst --bursts=20 --jobs-per-burst=1 --job-ns=0 --workers=1
on_each_pool bulk --jobs=6400
on_each_pool bulk --jobs=6400 --batch=1
on_each_pool bulk --jobs=700 --batch=10 --group=7 --gap-us=100
on_each_pool wake --jobs=50 --idle-ms=5
on_each_pool wake --jobs=500 --gap-us=5 --spin=1 --idle-ms=1
on_each_pool cost --jobs=1000
on_each_pool cost --jobs=1000 --batch=64
on_each_pool overload --flood-ms=100 --calm-ms=50 --job-us=100 --deadline-us=5000
on_each_pool openloop --jobs=300 --load=20
on_each_pool openloop --jobs=300 --rate=5000 --workers=1 --seed=7
on_each_pool mixed --jobs=200 --sleep-us=200
on_each_pool mixed --jobs=200 --work-us=100 --slow=50 --workers=2 --load=20
on_each_pool ramp --workers=1 --ramps=20
on_each_pool ramp --workers=8 --ramps=20
on_each_pool ramp --workers=3 --ramps=20 --many=1
on_each_pool fan --jobs-per-round=1 --rounds=50
on_each_pool fan --jobs-per-round=300 --rounds=20 --workers=4
on_each_pool chain --hops=2000
on_each_pool chain --chains=8 --hops=100 --workers=4 --waves=5
on_each_pool chain --chains=5 --hops=1 --waves=1
ok 'fan by a group of rota' verified fan --native=1 --rounds=50
ok 'a mutex pool cannot wait for all' says '"not_applicable": ' \
	fan --native=1 --pool=mutex-queue
on_each_other throughput --jobs=2000
on_each_other throughput --producers=3 --workers=2 --jobs=2000
on_each_other throughput --jobs=500 --job-ns=1000 # as METG does
on_each_other tree --depth=3 --trees=3
on_each_other burst --bursts=20
on_each_other bulk --jobs=6400
on_each_other wake --jobs=50 --idle-ms=5
on_each_other cost --jobs=1000
on_each_other overload --flood-ms=50 --calm-ms=20 --job-us=100 --deadline-us=5000
on_each_other openloop --jobs=300 --load=20
on_each_other mixed --jobs=200 --sleep-us=200
on_each_other ramp --workers=3 --ramps=20
on_each_other fan --jobs-per-round=300 --rounds=20 --workers=4
on_each_other fan --native=1 --jobs-per-round=300 --rounds=20
on_each_other chain --chains=3 --hops=500
on_each_other fairness --ms=20
on_each_other nested --n=3
on_each_other graph --pattern=1 --steps=100
on_each_other life --cycles=30 --queued=100
on_each_other memory --jobs=2000 --rest-ms=1
on_each_other churn --seconds=1
if [ -x "$programs/peers/flood-go" ]; then
	ok 'the flood in Go' verified peers/flood-go --jobs=2000
	ok 'the flood in Go, of work' verified peers/flood-go --producers=3 \
		--workers=4 --jobs=500 --job-ns=1000
fi
for pool in $others; do # none that applies to nothing
	case $pool in
	openmp) ok 'OpenMP does a tree' verified tree --depth=3 --pool=$pool ;;
	pthreadpool*) ok "$pool waits by itself" verified fan --native=1 \
		--rounds=50 --pool=$pool ;;
	*) ok "$pool is flooded" verified throughput --jobs=2000 --pool="$pool" ;;
	esac
done
for kind in 0 1 2 3 4 5 6 7; do
	ok "kinds --kind=$kind" verified kinds --kind=$kind --wave=500 --waves=4
done
sheds() { # sheds PATTERN POOL: what a flood of four times the capacity says
	says '"verified": true' overload --pool="$2" --load=400 --flood-ms=200 \
		--calm-ms=50 --job-us=100 --deadline-us=5000 |
		grep -E "\"flood_shed\": $1,"
}
ok 'rota sheds what it cannot do in time' sheds '[1-9][0-9]*' rota
ok 'a mutex pool sheds nothing' sheds 0 mutex-queue
ok 'rota takes many at once' says '"bulk": true' bulk --jobs=6400 --pool=rota
ok 'a mutex pool takes them one by one' says '"bulk": false' \
	bulk --jobs=6400 --pool=mutex-queue
formula() { # formula BUSY: of exponential jobs of 20 us, here 1 server
	says "\"erlang_c_ns\": $1," openloop --jobs=100 --workers=1 --load=50 \
		"${@:2}"
}
ok 'Erlang waits one service at half load' formula 20000.0 --exponential=1
ok 'Erlang says nothing of constant times' formula null
ok 'nobody knows a p99.9 of 100 jobs' says '"due_p999_ns": null' \
	openloop --jobs=100
ideal() { # ideal POOL: what the same jobs would have taken
	says '"verified": true' openloop --pool="$1" --jobs=300 |
		grep -o '"ideal_[^,]*'
}
same_ideal() { [ "$(ideal rota)" = "$(ideal mutex-queue)" ]; }
ok 'every pool gets the same jobs' same_ideal
ok 'line' says '"round_trip_ns": ' line --ms=2
for name in throughput tree burst bulk wake cost kinds overload \
	openloop mixed ramp fan chain; do
	ok "$name names its options" refuses "$name"
done
parts() { # PYTHONPATH for what the parts import
	PYTHONPATH=$scripts python3 -B -W error "$(dirname "$0")/parts.py" \
		"$(dirname "$programs")"
}
ok 'the parts read what the programs print' parts

on_each_pool fairness --ms=20
on_each_pool fairness --ms=20 --workers=1 --producers=2 --job-ns=0
on_each_pool nested --n=3
on_each_pool nested --n=0 --runs=2 --workers=1
on_each_pool nested --kind=1 --n=12 --runs=2
ok 'skynet adds up to what is known' says '"result": 4999950000' \
	nested --n=5 --runs=1
ok 'fib(25) is what it is' says '"result": 75025' nested --kind=1 --n=25 --runs=1
for pattern in 0 1 2; do
	on_each_pool graph --pattern=$pattern --steps=200 --graphs=2
	on_each_pool graph --pattern=$pattern --steps=30 --width=33 --task-ns=500
	on_each_pool graph --pattern=$pattern --steps=1 --width=1 --workers=1
done
on_each_pool burst --bursts=5 --jobs-per-burst=256 --time-submit=1
bounded="burst --bursts=5 --jobs-per-burst=1000 --capacity=16 --gap-us=2000 --time-submit=1"
for pool in rota mutex-queue; do
	ok "$bounded on $pool" verified $bounded --pool=$pool
done
times_full() { # times_full PATTERN JOBS: per burst of so many at once
	says '"policy": "blocks"' burst --bursts=5 --gap-us=2000 --capacity=64 \
		--workers=1 --job-ns=5000 --jobs-per-burst="$2" --pool=mutex-queue |
		grep -E "\"full_per_burst\": $1,"
}
ok 'more jobs than a bounded queue holds find it full' times_full '[1-9][0-9.]*' 1000
ok 'as many as it holds do not' times_full '0.000' 64
ok 'a pool that cannot be bounded says so' says '"not_applicable": ' \
	burst --capacity=16 --pool=mutex-receiver
on_each_pool throughput --producers=9 --workers=9 --jobs=20000 --time-submit=1
on_each_pool life --cycles=50
on_each_pool life --cycles=5 --workers=64 --queued=1000
on_each_pool memory --jobs=20000 --rest-ms=1
on_each_pool churn --seconds=1
for mode in 0 1 2; do
	for queue in 0 1 2; do
		ok "queue --mode=$mode --queue=$queue" verified queue \
			--mode=$mode --queue=$queue --pairs=2000 --threads=3
	done
done
for name in churn fairness graph life memory nested queue; do
	ok "$name names its options" refuses "$name"
done
ok 'METG is where half of the time is work' metg
ok 'locked instructions are told from others' locked
done_testing
