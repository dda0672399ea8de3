#!/bin/bash
# SPDX-License-Identifier: MIT
# What blockzip writes, gzip reads; it says what went wrong; its memory is
# bounded. ROTA_TEST_SPEEDUP=1.8 asks for that gain of a second worker, too:
# only on a machine that has nothing else to do.
# usage: blockzip.sh BLOCKZIP
. "$(dirname "$0")/../tap.sh"
blockzip=$1 here=$(dirname "$0")
speedup=$here/../../bench/examples/speedup.py
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# make_input BYTES FILE: half of it words, half of it noise
make_input() {
	python3 - "$1" > "$2" <<'END'
import random, sys
nr, chance = int(sys.argv[1]), random.Random(2029)
words = b' '.join(b'%x' % chance.randrange(1 << 14) for _ in range(nr // 8 + 1))
sys.stdout.buffer.write((words[:nr // 2] + chance.randbytes(nr))[:nr])
END
}
zip_it() { # FILE OPTIONS...
	local input=$1
	shift
	timeout 60 "$blockzip" "$@" < "$input" > "$dir/output.gz"
}
comes_back() { # FILE OPTIONS...
	zip_it "$@" && gzip -t "$dir/output.gz" &&
		gzip -dc "$dir/output.gz" | cmp - "$1"
}
for bytes in 0 1 131071 131072 131073 524288 5000000; do
	make_input "$bytes" "$dir/input"
	for workers in 1 2 8; do
		ok "$bytes bytes come back from $workers workers" \
			comes_back "$dir/input" -p "$workers"
	done
done
ok 'blocks of 1 KiB' comes_back "$dir/input" -p 3 -b 1
ok 'blocks larger than the input' comes_back "$dir/input" -b 8192
ok 'other levels' comes_back "$dir/input" -9
same() {
	zip_it "$dir/input" -p 1 && cp "$dir/output.gz" "$dir/one.gz" &&
		zip_it "$dir/input" -p 8 && cmp "$dir/one.gz" "$dir/output.gz"
}
ok 'the output does not depend on the workers' same
by_name() {
	"$blockzip" "$dir/input" | gzip -dc | cmp - "$dir/input"
}
ok 'a file by its name' by_name
trickle() { # short reads must not make short blocks
	zip_it "$dir/input" && cp "$dir/output.gz" "$dir/one.gz" &&
		dd if="$dir/input" bs=777 status=none |
		timeout 60 "$blockzip" | cmp - "$dir/one.gz"
}
ok 'a pipe that gives little at a time' trickle

# says STATUS TEXT COMMAND...
says() {
	local status=$1 text=$2 got
	shift 2
	timeout 60 "$@" 2> "$dir/errors"
	got=$?
	cat "$dir/errors"
	[ "$got" -eq "$status" ] && [ "$(wc -l < "$dir/errors")" -eq 1 ] &&
		grep -qF "$text" "$dir/errors"
}
full() { "$blockzip" "$dir/input" > /dev/full; }
broken() {
	"$blockzip" "$dir/input" | true
	return "${PIPESTATUS[0]}"
}
no_input() { "$blockzip" "$@" > "$dir/output.gz"; }
export -f full broken no_input
export blockzip dir
ok 'a full disk' says 1 'blockzip: write: No space left on device' \
	bash -c full
ok 'a pipe that nobody reads' says 1 'blockzip: write: Broken pipe' \
	bash -c broken
ok 'a read error' says 1 "blockzip: $dir: Is a directory" \
	bash -c "no_input $dir"
ok 'no such file' says 1 "blockzip: $dir/none: No such file or directory" \
	bash -c "no_input $dir/none"
ok 'no workers' says 2 'usage: blockzip' bash -c 'no_input -p 0'

# KiB at the peak, that of python3 itself, some 10 MiB, at least
peak() { # MIB
	head -c "$1M" /dev/zero | python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
		"$blockzip" -p 2 -1
}
bounded() {
	local small large
	small=$(peak 4) && large=$(peak 64) || return 1
	echo "peak $small KiB with 4 MiB of input, $large KiB with 64 MiB"
	[ "$large" -lt $((small + 4096)) ] || return 1
	[ "${ROTA_SANITIZE:-none}" != none ] || [ "$large" -lt 32768 ]
}
ok 'memory does not grow with the input' bounded

if [ -n "${ROTA_TEST_SPEEDUP:-}" ]; then
	ok "two workers are $ROTA_TEST_SPEEDUP times as fast" \
		"$speedup" --at-least="$ROTA_TEST_SPEEDUP" "$blockzip"
else
	skip 'two workers are faster' 'asked for by ROTA_TEST_SPEEDUP=1.8'
fi
done_testing
