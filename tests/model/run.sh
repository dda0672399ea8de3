#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Check the models in this directory with spin, exhaustively: the protocol must
# be clean in each configuration, and each mutant (-DM_...: one step left out,
# moved or done wrong) must be caught, else the model says nothing.
#
#	run.sh			everything, TAP on stdout
#	run.sh room [FLAG...]	one model, one configuration: spin's own report
#				and, if there is one, the way to the error
#
# Every search is complete (no bitstate hashing), or the test fails.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
for tool in spin "${CC:-cc}"; do
	command -v "$tool" >/dev/null 2>&1 && continue
	echo "1..0 # SKIP $tool is missing"
	exit 77
done
dir=$(mktemp -d "${TMPDIR:-/tmp}/model.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
cd "$dir" || exit 1

# build OPTIMIZE MODEL FLAG...
build() {
	optimize=$1
	model=$2
	shift 2
	rm -f pan* ./*.trail
	spin -a "$@" "$here/$model.pml" >log 2>&1 &&
		${CC:-cc} "$optimize" -w -DSAFETY -DVECTORSZ=256 \
			-DMEMLIM=1800 -o pan pan.c >>log 2>&1
}

if [ $# -gt 0 ]; then
	build -O1 "$@" || { cat log; exit 1; }
	./pan -m100000
	ls ./*.trail >/dev/null 2>&1 || exit 0
	cp "$here/$1.pml" . && model=$1.pml && shift
	spin -t -p -g -l "$@" -k ./*.trail "$model"
	exit 1
fi

number=0
failures=0
result() { # 0 or 1, text
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failures=$((failures + 1))
		sed 's/^/# /' log
	fi
}

# Must be clean. Optimizing pays from about a million states on: `large`, which
# are for ROTA_MODEL_LARGE=1.
clean() { # MODEL TEXT FLAG...
	name=$1
	text=$2
	shift 2
	build "${optimize_search:--O0}" "$name" "$@" && ./pan -m20000 -w22 >log 2>&1
	grep -q 'errors: 0$' log && ! grep -qE 'Warning|depth too small' log
	is_bad=$?
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' log)
	result $is_bad "$name: $text ($states states)"
}

large() {
	if [ -z "${ROTA_MODEL_LARGE:-}" ]; then
		result 0 "$1: $2 # SKIP large: ROTA_MODEL_LARGE=1"
		return
	fi
	optimize_search=-O1
	clean "$@"
	optimize_search=
}

# Must be caught: an assertion, or an invalid end state (a deadlock).
caught() { # MODEL MUTANT FLAG...
	name=$1
	mutant=$2
	shift 2
	build -O0 "$name" "-D$mutant" "$@" && ./pan -m20000 -w16 >log 2>&1
	grep -qE 'assertion violated|invalid end state \(' log
	is_bad=$?
	grep -q '^pan:1: invalid end state' log && how=stuck || how=assertion
	result $is_bad "$name: mutant $mutant is caught ($how)"
}

# The plan is the number of the lines below.
echo "1..$(grep -cE '^(clean|large|caught) ' "$here/run.sh")"

large channel '2 submitters 2 consumers, 2 rings, quiesce' -DLAST=1 -DQUIESCE
large channel '2 submitters 2 consumers, 2 rings, closing' -DJOBS=1
clean channel '1 submitter 1 consumer, 3 rings, closing' \
	-DNS=1 -DNC=1 -DJOBS=4 -DNR=3
clean channel '2 submitters 1 consumer, jobs two at once, closing' \
	-DNC=1 -DBATCH=2 -DSIZE=4 -DLIMIT=3 -DWRAP=16
clean channel '1 submitter 1 consumer, 2 closings' -DNS=1 -DNC=1 -DNCLOSE=2
clean channel 'bounded 1, 2 submitters 2 consumers, quiesce' \
	-DBOUNDED -DNR=1 -DLAST=1 -DQUIESCE
clean channel 'bounded 2, 2 submitters 1 consumer, closing' \
	-DBOUNDED -DNR=1 -DLIMIT=2 -DSIZE=4 -DWRAP=16 -DLAST=1 -DNC=1

caught channel M_TAIL_FIRST -DNC=1
caught channel M_UNSIGNED_GATE -DNC=1
caught channel M_NO_GATE -DNC=1 -DLIMIT=2 -DSIZE=4 -DWRAP=16 -DQUIESCE
caught channel M_CLOSE_HELD -DNC=1
caught channel M_COMMIT_FIRST -DNC=1
caught channel M_SEEN_IS_HEAD \
	-DBOUNDED -DNR=1 -DLIMIT=2 -DSIZE=4 -DWRAP=16 -DNC=1 -DQUIESCE
caught channel M_ONE_NO_LIMIT -DNC=1
caught channel M_FULL_NO_RECHECK -DBOUNDED -DNR=1 -DLIMIT=2 -DSIZE=4 \
	-DWRAP=16 -DJOBS=3 -DLAST=1 -DNC=1 -DQUIESCE
caught channel M_LINK_FIRST -DNC=1
caught channel M_POP_NO_CAS -DJOBS=1
caught channel M_POP_NO_COUNT -DNC=1
caught channel M_LOOK_NO_RECOUNT -DNC=1
caught channel M_NULL_IS_END -DNC=1
caught channel M_NO_END -DNC=1
caught channel M_CLOSE_ONE_RING -DNC=1

clean eventcount '1 submitter 2 workers, 2 jobs, quiesce'
clean eventcount '1 submitter 2 workers, 2 jobs that wait, quiesce' -DBARRIER
large eventcount '2 submitters 2 workers, quiesce' -DNS=2 -DCALLS=1
clean eventcount '3 sleepers, 3 jobs at once that wait, quiesce' \
	-DNW=3 -DCALLS=1 -DBATCH=3 -DBARRIER -DASLEEP
clean eventcount '1 submitter 2 workers, drain' -DCALLS=1 -DDRAIN
clean eventcount '2 submitters 1 worker, drain' \
	-DNS=2 -DNW=1 -DCALLS=1 -DDRAIN

clean eventcount '1 submitter 2 workers that wait, no heavy fences, quiesce' \
	-DNOISY -DBARRIER

caught eventcount M_NO_F1 -DNW=1
caught eventcount M_NO_F2 -DBARRIER
caught eventcount M_NO_F3 -DNW=1
caught eventcount M_NO_F4 -DBARRIER
caught eventcount M_NO_F4 -DNOISY -DNW=1
caught eventcount M_NO_HEAVY -DNW=1
caught eventcount M_FENCED_FOR_EVER -DNW=1
caught eventcount M_NO_LOOK -DNW=1
caught eventcount M_LEAVE_NO_LOOK -DBARRIER
caught eventcount M_NO_PRE -DNW=1
caught eventcount M_PREPARE_KEEPS_ROLE -DNW=1
caught eventcount M_CANCEL_NO_ROLE -DBARRIER
caught eventcount M_CANCEL_KEEPS_GRANT -DNW=1
caught eventcount M_COMMIT_KEEPS_GRANT -DNW=1
caught eventcount M_QUIT_KEEPS_GRANT -DNW=1 -DDRAIN
caught eventcount M_IGNORES_GRANT -DNW=1
caught eventcount M_POP_NO_ROLE -DNW=1
caught eventcount M_WOKEN_NO_ROLE -DNW=1
caught eventcount M_NO_TOKEN -DNW=1
caught eventcount M_NO_COMPARE -DNW=1
caught eventcount M_EMPTY_LATE -DNW=1
caught eventcount M_NO_CHAIN -DNW=3 -DCALLS=1 -DBATCH=3 -DBARRIER -DASLEEP
caught eventcount M_LINKS_LATE -DNW=3 -DCALLS=1 -DBATCH=3 -DASLEEP
caught eventcount M_NO_VERSION
caught eventcount M_CLOSE_NO_NOTIFY -DNW=1
caught eventcount M_CLOSE_LATE -DNW=1 -DDRAIN
caught eventcount M_CLOSE_NO_GRANTS -DNW=1 -DDRAIN
caught eventcount M_CLOSE_WAKES_ONE -DCALLS=1 -DASLEEP
caught eventcount M_EXIT_ON_CLOSE -DNW=1 -DDRAIN

large lanes_close '2 submitters 1 worker' -DNW=1
large lanes_close '2 submitters after one another, 2 workers' -DNL=1
clean lanes_close '1 submitter 2 workers, 3 calls of 2 jobs' \
	-DNS=1 -DCALLS=3 -DBATCH=2
clean lanes_close '1 submitter 1 worker, no heavy fence in close' \
	-DNS=1 -DNW=1 -DNO_HEAVY_CLOSE
clean lanes_close '1 submitter 1 worker, no second look' -DNS=1 -DNW=1 -DNO_F4

caught lanes_close M_NO_HEAVY -DNS=1 -DNW=1
caught lanes_close NO_F4 -DNO_HEAVY_CLOSE -DNW=1
caught lanes_close M_IGNORES_CLOSED -DNS=1 -DNW=1
caught lanes_close M_CLOSED_LATE -DNS=1 -DNW=1
caught lanes_close M_CLAIM_OPEN -DNS=1 -DNW=1
caught lanes_close M_REOPEN -DNS=1 -DNW=1
caught lanes_close M_NO_SEAL -DNS=1 -DNW=1
caught lanes_close M_SEAL_FULL -DNS=1 -DNW=1
caught lanes_close M_NO_LOOK -DNS=1 -DNW=1
caught lanes_close M_WITHDRAW_ACCEPTS -DNS=1 -DNW=1
caught lanes_close M_WITHDRAW_REFUSES -DNS=1 -DNW=1
caught lanes_close M_WITHDRAW_RESTS -DNS=1 -DNW=1

clean room '2 submitters 1 consumer, quiesce'
large room '2 submitters 2 consumers, one deadline, quiesce' -DNC=2 -DTIMED=1
clean room '3 submitters 1 consumer, one deadline, quiesce' \
	-DNS=3 -DJOBS=1 -DTIMED=1
large room '2 submitters 1 consumer, deadlines, closing' -DTIMED=3 -DRACE

caught room M_NO_F1
caught room M_NO_F2
caught room M_KEY_LATE
caught room M_PREPARE_KEEPS_BIT
caught room M_NO_COMPARE
caught room M_NO_COUNT -DNS=3
caught room M_NO_WAKE
caught room M_LEAVE_NO_PASS -DNS=3 -DCAPACITY=2
caught room M_CLOSE_NO_NOTIFY
caught room M_CLOSE_LATE -DRACE
caught room M_CLOSE_NO_COUNT -DRACE
caught room M_CLOSE_WAKES_ONE -DNS=3 -DJOBS=1

[ "$failures" -eq 0 ]
