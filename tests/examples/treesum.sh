#!/bin/bash
# SPDX-License-Identifier: MIT
# treesum says the same as treesum.py, a few sequential lines, with any number
# of workers, of any shape of tree.
# usage: treesum.sh TREESUM
. "$(dirname "$0")/../tap.sh"
treesum=$(realpath "$1") this=$(realpath "$0")
reference=${this%.sh}.py
dir=$(mktemp -d)
trap 'chmod -R u+rwx "$dir"; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# make_tree DIRECTORY: directories in directories, of all kinds of entries
make_tree() {
	python3 - "$1" <<'END'
import os, random, sys
chance = random.Random(2029)
def make(path, depth):
    os.mkdir(path)
    for i in range(chance.randrange(8)):
        with open(os.path.join(path, 'file %d' % i), 'wb') as file:
            file.write(chance.randbytes(chance.choice((0, 1, 999, 70000))))
    if chance.random() < 0.5:
        os.symlink(chance.choice(('..', '/etc', 'nowhere')),
                   os.path.join(path, 'link'))
    for i in range(chance.randrange(2, 5) if depth else 0):
        make(os.path.join(path, 'sub-%d' % i), depth - 1)
make(sys.argv[1], 5)
with open(os.path.join(sys.argv[1], 'a\xe9\nb'), 'wb') as file:
    file.write(chance.randbytes(300000))
os.mkfifo(os.path.join(sys.argv[1], 'fifo'))
os.mkdir(os.path.join(sys.argv[1], 'empty'))
END
}
# make_chain LEVELS NAME: each in the one before, beside a file
make_chain() {
	mkdir chain && python3 - "$@" <<'END'
import os, sys
os.chdir('chain')
for i in range(int(sys.argv[1])):
    with open('file', 'w') as file:
        file.write(str(i))
    os.mkdir(sys.argv[2])
    os.chdir(sys.argv[2])
END
}
sum_of() { timeout 60 "$treesum" "$@"; }
same() { # WORKERS PATH...
	local workers=$1
	shift
	python3 "$reference" "$@" > expected && sum_of -p "$workers" "$@" > got &&
		diff expected got
}
differs() {
	sum_of tree > got && [ "$(wc -l < expected)" -eq 1 ] &&
		! cmp -s expected got
}

make_tree tree
for workers in 1 2 8; do
	ok "a tree by $workers workers is as it should" same "$workers" tree
done
again() {
	for ((i = 0; i < 50; i++)); do
		sum_of -p $((i % 4 + 1)) tree | diff - expected || return 1
	done
}
ok 'and so it is fifty times' again
ok 'with more workers than it needs' same 64 tree
ok 'several trees, files and links' \
	same 2 tree/empty tree tree/fifo tree/sub-0 "$this" tree/empty
same 2 tree > /dev/null
printf x >> tree/sub-1/new
ok 'a new file makes a difference' differs
rm tree/sub-1/new
ok 'without it, all is as before' same 2 tree
printf y | dd of="$(find tree/sub-0 -type f -size +1k | head -n 1)" conv=notrunc \
	bs=1 seek=500 status=none
ok 'a changed byte makes a difference' differs
same 2 tree > /dev/null
mv tree/empty tree/Empty
ok 'a new name makes a difference' differs
same 2 tree > /dev/null
ln -s / tree/root
ok 'a link makes a difference' differs
ok 'and is not followed' same 2 tree
rm -f tree/root

for levels in 255 256 257 500; do
	make_chain "$levels" sub
	for workers in 1 2 8; do
		ok "a chain of $levels directories by $workers workers" \
			same "$workers" chain
	done
	rm -rf chain
done
make_chain 1000 "$(printf 'n%.0s' {1..40})"
ok 'a chain whose path is too long for any call' same 4 chain
few_files() { (ulimit -n 200 && says 1 'Too many open files' chain); }
# says STATUS TEXT ARGUMENTS...: nothing but one or more such messages
says() {
	local status=$1 text=$2 got
	shift 2
	sum_of "$@" > output 2> errors
	got=$?
	tail -n 3 errors | tail -c 300
	[ "$got" -eq "$status" ] && [ ! -s output ] &&
		grep -qF "$text" errors
}
ok 'too few descriptors for it are an error' few_files
rm -rf chain

ok 'what is not there' says 1 'treesum: none: No such file or directory' \
	tree none
ok 'no workers' says 2 'usage: treesum' -p 0 tree
ok 'no path' says 2 'usage: treesum'
full() { sum_of tree > /dev/full 2> errors; [ $? -eq 1 ] && [ -s errors ]; }
ok 'a full disk' full

# Root reads everything unless it gives up the right to.
if [ "$(id -u)" -eq 0 ]; then
	plain=(setpriv '--bounding-set=-dac_override,-dac_read_search')
else
	plain=()
fi
sum_of() { timeout 60 "${plain[@]}" "$treesum" "$@"; }
touch secret
chmod 0 secret
if "${plain[@]}" true && ! "${plain[@]}" cat secret 2> /dev/null; then
	printf x > tree/sub-0/secret
	chmod 0 tree/sub-0/secret
	ok 'a file that may not be read' \
		says 1 'treesum: tree/sub-0/secret: Permission denied' tree
	rm -f tree/sub-0/secret
	chmod 0 tree/sub-1
	ok 'a directory that may not be read' \
		says 1 'treesum: tree/sub-1: Permission denied' tree
	chmod 755 tree/sub-1
	ok 'all may be read again' same 2 tree
else
	skip 'what may not be read' 'this user may read everything'
fi
done_testing
