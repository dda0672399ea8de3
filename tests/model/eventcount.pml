/* SPDX-License-Identifier: MIT */
/*
 * Question: does each job find a worker, whoever sleeps, searches or is woken
 * at that moment, and does each worker leave when the pool was closed?
 *
 * Mirrors:
 *	eventcount.h/.c	the packed word (TOP PRE SIG SRCH VER, here 3 bits each,
 *			and FENCED),
 *			swap, below, unpark, unpark_tree, ec_notify,
 *			ec_notify_all, ec_try_search, ec_leave_search,
 *			ec_prepare, ec_cancel, ec_quit, ec_commit,
 *			sleep_until_notified
 *	pool.h		pool_published (a look that is calm ends it, any other
 *			is repeated after a full fence), pool_notify with
 *			pool_tell of worker.c: one load of the word decides
 *			whether to return, a later one is a later notify;
 *			ec_is_calm, ec_has_waiters, ec_searchers
 *	worker.c	run_all, leave_search, search (any number of looks),
 *			park, worker_main
 *	pool.c		rota_pool_close up to ec_notify_all
 *	os.c		futex: the kernel compares under its lock
 *
 * Memory is x86-TSO: the two plain stores that somebody else decides by, the
 * p_tail of a submitter (or the tail of its lane, which is the same here) and
 * the END of the closer, wait in a store buffer; a read-modify-write or a fence
 * waits until the buffer of its thread is empty. Everything else is an RMW, or
 * a plain store that an RMW follows before anybody may read it.
 *
 * A light fence is nothing but the order of the program. A heavy fence empties
 * the buffers of all threads in one step. The kernel interrupts them one after
 * the other; but between a thread's interrupt and this step it can only have
 * made stores that might as well have arrived by now.
 * -DNOISY: no heavy fences, so no look of a submitter is calm.
 *
 * Two forms:
 *	quiesce	nobody closes until nothing moves; a job that is left behind
 *		then is a lost wake-up (a closing would wake the sleeper and
 *		hide it). After that the pool, all asleep, is closed.
 *	-DDRAIN	the closing races with the last jobs
 * -DBARRIER	no job ends before all have begun: as many workers as jobs must
 *		run, so a job that waits while a worker sleeps is seen as well
 * -DASLEEP	all workers are parked when it begins
 *
 * Asserted: SIG <= PRE <= workers, SRCH <= workers in each word that is
 * stored; in quiesce, when nothing moves, all jobs are done, all workers are
 * parked and the word holds nobody but them; in the end all jobs that were
 * accepted are done and all threads are gone (else: invalid end state).
 *
 * Not modelled: the channel (one ring, a pop is one step: see channel.pml),
 * the backlog rule (BACKLOG_PER_WORKER is out of reach here), the spurious
 * return of a futex (a late FUTEX_WAKE acts as one), weak CAS failures, drains
 * (rest.c), discard, VER that wraps within one notify.
 */
#ifndef NS
#define NS 1	/* submitters */
#endif
#ifndef NW
#define NW 2	/* workers */
#endif
#ifndef CALLS
#define CALLS 2	/* of each submitter */
#endif
#ifndef BATCH
#define BATCH 1	/* jobs in one call */
#endif
#ifndef SEARCHERS_MAX
#define SEARCHERS_MAX 1
#endif
#define TOTAL (NS * CALLS * BATCH)
#define CLOSER NS	/* its store buffer; workers need none: */
#define WORKER (NS + 1)

#define TOP(w)	((w) & 7)
#define PRE(w)	((w) >> 3 & 7)
#define SIG(w)	((w) >> 6 & 7)
#define SRCH(w)	((w) >> 9 & 7)
#define PRE_ONE	 8
#define SIG_ONE	 64
#define SRCH_ONE 512
#define STACK(w) ((w) & (7 | 7 << 12)) /* TOP and VER */
#define REST(w)	 ((w) & (511 << 3))
#ifdef M_NO_VERSION
#define AS_TOP(i, v) ((i) + 1)
#else
#define AS_TOP(i, v) ((i) + 1 | ((v) & 7) << 12)
#endif
#define IS_SANE(w) \
	(SIG(w) <= PRE(w) && PRE(w) <= NW && SRCH(w) <= NW && TOP(w) <= NW)

mtype = { EMPTY, SLEEPING, NOTIFIED };

/* the channel */
byte p_head, p_tail, c_head;
bool is_shut;			/* the gate, for ever */
bool is_end;			/* END is linked */
bool buffer[NS + 2];		/* not yet in memory: p_tail = p_head, or END */
#define DRAINED(t) (!buffer[t])
#define IS_CLOSED (is_shut && p_tail == p_head && is_end)

/* the eventcount */
short word;
bool fenced;			/* a bit of the word */
mtype park[NW] = EMPTY;
short below[NW];		/* ec_waiter.next */
byte version[NW], chain_first[NW], chain_length[NW];
bool is_on_futex[NW];

/* ghosts */
byte nr_begun, nr_done, nr_submitting = NS;

/* FENCED, of which a CAS keeps what it finds: it changes with TOP or PRE only. */
#ifdef M_FENCED_FOR_EVER
#define CALM_IS_NOT_FENCED skip
#else
#define CALM_IS_NOT_FENCED \
	if \
	:: TOP(word) == 0 && PRE(word) == 0 -> fenced = 0 \
	:: else \
	fi
#endif
#define FETCH_ADD(step) \
	d_step { word = word + (step); assert(IS_SANE(word)); CALM_IS_NOT_FENCED }

/* The CAS on the word, to REST(w) + plus, by a thread whose stores are all in
 * memory; `top` is the first of those popped. */
#define SWAP(t, w, plus, again) \
	atomic { \
		DRAINED(t); \
		if \
		:: word == w -> \
			word = REST(w) + plus; \
			assert(IS_SANE(word)); \
			CALM_IS_NOT_FENCED; \
			top = TOP(w); w = 0; stack = 0; to = 0 \
		:: else -> w = word; stack = 0; to = 0; goto again \
		fi \
	}
#define FENCE(t) (DRAINED(t))

#if NS > 1
#define IS_PUSHING (buffer[0] || buffer[1])
#else
#define IS_PUSHING (buffer[0])
#endif
#if defined(NOISY) || defined(M_NO_HEAVY)
#define HEAVY_FENCE skip
#else
#define HEAVY_FENCE \
	d_step { \
		if \
		:: IS_PUSHING -> \
			p_tail = p_head; buffer[0] = 0; buffer[NS - 1] = 0 \
		:: else \
		fi; \
		if \
		:: buffer[CLOSER] -> is_end = 1; buffer[CLOSER] = 0 \
		:: else \
		fi \
	}
#endif

/* Stores that wait, in any order with everything else. */
proctype memory()
{
end:	do
	:: d_step { buffer[0] -> buffer[0] = 0; p_tail = p_head }
#if NS > 1
	:: d_step { buffer[1] -> buffer[1] = 0; p_tail = p_head }
#endif
	:: d_step { buffer[CLOSER] -> buffer[CLOSER] = 0; is_end = 1 }
	od
}

/* `i`: index + 1 */
inline unpark(t, i, first, length)
{
	atomic {
		DRAINED(t);
		chain_first[(i) - 1] = first; chain_length[(i) - 1] = length;
#ifdef M_NO_TOKEN	/* tells only who sleeps already */
		if
		:: park[(i) - 1] == SLEEPING ->
			park[(i) - 1] = NOTIFIED;
			is_on_futex[(i) - 1] = 0
		:: else
		fi
#else
		if
		:: park[(i) - 1] == SLEEPING -> woken = i
		:: else
		fi;
		park[(i) - 1] = NOTIFIED
#endif
	}
	atomic {
		if
		:: woken -> is_on_futex[woken - 1] = 0; woken = 0
		:: else
		fi
	}
}

/* Two here, which wake the rest. Uses: half, i, second, below1, below2. */
inline unpark_tree(t, first, length)
{
	if
	:: length == 0
	:: else ->
		atomic {
			half = (length + 1) / 2; second = first; i = 0;
			do
			:: i < half -> second = TOP(below[second - 1]); i++
			:: else -> i = 0; break
			od;
			below1 = TOP(below[first - 1]);
			if
			:: length > half -> below2 = TOP(below[second - 1])
			:: else
			fi
		}
		unpark(t, first, below1, half - 1);
#ifdef M_LINKS_LATE	/* the woken may have parked again by now */
		atomic {
			second = first; i = 0;
			do
			:: i < half -> second = TOP(below[second - 1]); i++
			:: else -> i = 0; break
			od
		}
#endif
		if
		:: length > half ->
			unpark(t, second, below2, length - half - 1)
		:: else
		fi;
		d_step { half = 0; second = 0; below1 = 0; below2 = 0 }
	fi;
	atomic { length = 0; first = 0 }
}

/* pool_notify and ec_notify. Uses: w, to, stack, grants, pops, top. */
inline pool_notify(t, wanted)
{
#ifdef M_NO_F1	/* the compiler reads the word before it publishes */
	if
	:: t == WORKER -> w = word
	:: else
	fi;
#else
	w = word;
#endif
#ifndef NOISY
	atomic {
		if
		:: TOP(w) == 0 && PRE(w) == 0 -> goto notified
		:: else
		fi
	}
#endif
#ifndef M_NO_F4	/* trusts what it saw */
	FENCE(t);
	w = word;
#endif
again:	atomic {
		if
#ifdef M_NO_PRE	/* announced workers are nobody */
		:: TOP(w) == 0 -> goto notified
#endif
		:: else
		fi;
		/* `to`: how many are missing */
		to = SRCH(w) + SIG(w);
		if
		:: wanted > to -> to = wanted - to
		:: else -> goto notified
		fi;
		grants = PRE(w) - SIG(w);
		if
		:: grants > to -> grants = to
		:: else
		fi;
		to = to - grants; pops = 0;
		if
		:: grants == 0 && TOP(w) == 0 -> goto notified
		:: else -> stack = STACK(w)
		fi
	}
	do
	:: to > 0 && TOP(stack) ->
		d_step { stack = below[TOP(stack) - 1]; pops++; to-- }
	:: else -> break
	od;
#ifdef M_POP_NO_ROLE	/* the woken are not counted as searchers */
	SWAP(t, w, stack + grants * SIG_ONE, again);
#else
	SWAP(t, w, stack + grants * SIG_ONE + pops * SRCH_ONE, again);
#endif
	unpark_tree(t, top, pops);
notified:
	atomic { w = 0; stack = 0; grants = 0; pops = 0; to = 0 }
}

proctype submitter(byte me)
{
	byte calls = CALLS;
	short w, to, stack;
	byte grants, pops, top, half, i, second, below1, below2, woken;

call:	if
	:: calls == 0 -> goto done
	:: else
	fi;
#ifdef M_NO_F1
	w = word;
#endif
	/* ring_push: the CAS needs an open gate, and drains */
	atomic {
		DRAINED(me) && (p_head == p_tail || is_shut);
		if
		:: is_shut -> goto done /* refused */
		:: else -> p_head = p_head + BATCH
		fi
	}
	atomic { buffer[me] = 1; calls-- }
	pool_notify(me, BATCH);
	goto call;
done:	atomic { DRAINED(me) -> nr_submitting-- }
}

/* channel_look as one step: its reads are apart in channel.pml, and what the
 * first of them says of an empty ring is what counts here. */
#define EMPTY_HANDED 0
#define HAS_WORK 1
#define FINISHED 2
#define LOOK \
	(c_head != p_tail -> HAS_WORK : (IS_CLOSED -> FINISHED : EMPTY_HANDED))

/* A loop of load and CAS whose decision depends on the word only (cancel, quit,
 * commit) is one step: who loads a stale word fails and tries again. */
proctype worker(byte me)
{
	bool is_searcher;
	byte seen;
	short w, to, stack;
	byte grants, pops, top, half, i, second, below1, below2, woken;

#ifdef ASLEEP
	goto sleep;
#endif
run_all:
	atomic {
		if
		:: c_head != p_tail -> c_head++; nr_begun++
		:: else -> goto search
		fi;
		if
		:: is_searcher
		:: else -> goto execute
		fi
	}
#ifdef M_NO_F2		/* the look is done before the role is given back */
	seen = LOOK;
#endif
	/* ec_leave_search */
	atomic { FETCH_ADD(-SRCH_ONE); is_searcher = 0 }
	atomic {
#ifdef M_LEAVE_NO_LOOK
		seen = EMPTY_HANDED;
#elif !defined(M_NO_F2)
		seen = LOOK;
#endif
		if
		:: seen == HAS_WORK -> seen = 0
		:: else -> seen = 0; goto execute
		fi
	}
	pool_notify(WORKER, 1);
execute:
	atomic {
#ifdef BARRIER
		nr_begun == TOTAL;
#endif
		nr_done++;
		goto run_all
	}

search:	atomic {
		/* ec_try_search */
		if
		:: is_searcher
		:: !is_searcher && SRCH(word) >= SEARCHERS_MAX -> goto prepare
		:: else -> FETCH_ADD(SRCH_ONE); is_searcher = 1
		fi
	}
	atomic {
		if
		:: LOOK == HAS_WORK -> goto run_all
		:: true /* saw nothing, or does not look at all */
		fi
	}
prepare:
#ifdef M_NO_F3	/* the look is done before the announcement */
	seen = LOOK;
#endif
	/* ec_prepare */
	atomic {
		w = fenced;
#ifdef M_PREPARE_KEEPS_ROLE
		FETCH_ADD(PRE_ONE);
#else
		FETCH_ADD(PRE_ONE - is_searcher * SRCH_ONE);
#endif
		is_searcher = 0
	}
	if
	:: w
	:: else -> HEAVY_FENCE
	fi;
	atomic {
		w = 0;
#if defined(M_NO_LOOK)	/* none for jobs, after the announcement */
		seen = (LOOK == FINISHED -> FINISHED : EMPTY_HANDED);
#elif defined(M_EXIT_ON_CLOSE) /* closed is enough, drained or not */
		seen = (is_end -> FINISHED : LOOK);
#elif !defined(M_NO_F3)
		seen = LOOK;
#endif
		if
		:: seen == HAS_WORK -> seen = 0; goto cancel
		:: seen == FINISHED -> seen = 0; goto quit
		:: else
		fi
	}

	/* ec_commit */
#ifndef M_EMPTY_LATE
	park[me] = EMPTY;
#endif
	atomic {
		version[me] = (version[me] + 1) % 8;
		w = word;
#ifndef M_IGNORES_GRANT
		if
		:: SIG(w) ->
#ifdef M_COMMIT_KEEPS_GRANT
			FETCH_ADD(-PRE_ONE + SRCH_ONE);
#else
			FETCH_ADD(-PRE_ONE - SIG_ONE + SRCH_ONE);
#endif
			w = 0; is_searcher = 1;
			goto run_all
		:: else
		fi;
#endif
		below[me] = STACK(w);
		word = REST(w) - PRE_ONE + AS_TOP(me, version[me]);
		assert(IS_SANE(word));
		fenced = 1;
		w = 0
	}
#ifdef M_EMPTY_LATE	/* an unpark may have come in between */
	park[me] = EMPTY;
#endif
	/* sleep_until_notified */
	atomic {
		if
		:: park[me] == EMPTY -> park[me] = SLEEPING
		:: else -> goto awake
		fi
	}
sleep:	atomic {
		if
		:: park[me] == SLEEPING
		:: else -> goto awake
		fi
	}
#ifdef M_NO_COMPARE	/* the kernel does not look at the value */
	is_on_futex[me] = 1;
#else
	atomic {
		if
		:: park[me] == SLEEPING -> is_on_futex[me] = 1
		:: else -> goto awake
		fi
	}
#endif
	atomic { !is_on_futex[me] -> goto sleep }
awake:	atomic {
		top = chain_first[me]; pops = chain_length[me];
		chain_first[me] = 0; chain_length[me] = 0;
#ifdef M_NO_CHAIN	/* does not wake those handed over */
		pops = 0;
#endif
#ifndef M_WOKEN_NO_ROLE	/* counted as a searcher, does not know it */
		is_searcher = 1;
#endif
		if
		:: pops
		:: else -> top = 0; goto run_all
		fi
	}
	unpark_tree(WORKER, top, pops);
	goto run_all;

cancel:	atomic {
#ifndef M_CANCEL_KEEPS_GRANT
		if
		:: SIG(word) == PRE(word) -> to = SIG_ONE
		:: else
		fi;
#endif
#ifdef M_CANCEL_NO_ROLE
		FETCH_ADD(-PRE_ONE - to);
#else
		FETCH_ADD(-PRE_ONE - to + SRCH_ONE);
		is_searcher = 1;
#endif
		to = 0; goto run_all
	}

quit:	atomic {
#ifndef M_QUIT_KEEPS_GRANT
		if
		:: SIG(word) == PRE(word) -> to = SIG_ONE
		:: else
		fi;
#endif
		FETCH_ADD(-PRE_ONE - to);
		to = 0
	}
}

proctype closer()
{
	short w, to, stack;
	byte pops, top, half, i, second, below1, below2, woken;

#ifndef DRAIN
	timeout; /* nothing moves: nobody may have been forgotten */
	d_step {
		assert(nr_submitting == 0 && nr_done == TOTAL);
		assert(REST(word) == 0);
		pops = 0; stack = word;
		do
		:: TOP(stack) -> stack = below[TOP(stack) - 1]; pops++
		:: else -> break
		od;
		assert(pops == NW);
		pops = 0; stack = 0
	}
#endif
#ifdef M_CLOSE_LATE	/* tells them first */
	goto notify_all;
close:
#endif
	/* channel_close */
	atomic { p_head == p_tail -> is_shut = 1 };
	buffer[CLOSER] = 1;
#if defined(M_CLOSE_LATE) || defined(M_CLOSE_NO_NOTIFY)
	goto done;
#endif
	/* [pool.F3]; on TSO the CAS below would do, so -DNO_F3_CLOSE is clean */
#ifndef NO_F3_CLOSE
	FENCE(CLOSER);
#endif
	/* ec_notify_all */
notify_all:
	w = word;
again:	atomic { stack = STACK(w); pops = 0 };
	do
#ifdef M_CLOSE_WAKES_ONE
	:: TOP(stack) && pops == 0 ->
#else
	:: TOP(stack) ->
#endif
		d_step { stack = below[TOP(stack) - 1]; pops++ }
	:: else -> break
	od;
#ifdef M_CLOSE_NO_GRANTS
	SWAP(CLOSER, w, stack + pops * SRCH_ONE, again);
#else
	SWAP(CLOSER, w, stack + (PRE(w) - SIG(w)) * SIG_ONE + pops * SRCH_ONE,
		again);
#endif
	unpark_tree(CLOSER, top, pops);
#ifdef M_CLOSE_LATE
	goto close;
#endif
done:	skip
}

init {
	byte i;

	atomic {
#ifdef ASLEEP
		for (i : 0 .. NW - 1) {
			version[i] = 1; park[i] = SLEEPING;
			below[i] = word; word = AS_TOP(i, 1); fenced = 1
		}
#endif
		run memory();
		for (i : 0 .. NS - 1) { run submitter(i) }
		for (i : 0 .. NW - 1) { run worker(i) }
		run closer();
		i = 0
	}
	(_nr_pr == 2); /* all are through */
	assert(nr_done == nr_begun && c_head == p_head && REST(word) == 0);
#ifndef DRAIN
	assert(nr_done == TOTAL)
#endif
}
