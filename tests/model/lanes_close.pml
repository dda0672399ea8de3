/* SPDX-License-Identifier: MIT */
/*
 * Question: a pool is closed while threads push to lanes that have no lock. Does
 * each job whose submit returned 0 find a worker that has not ended, and none
 * whose submit was refused?
 *
 * Mirrors:
 *	lane.h		lane_push: a look at room_end, then a plain store of tail
 *	pool.h		pool_published
 *	submit_lane.c	claim, lane_submit, lane_pushed
 *	lanes.c		lanes_claim (nr_lanes is raised, then lanes_reopen),
 *			lanes_release
 *	lanes_close.c	all of it
 *	eventcount.c	of the word: PRE and CLOSED; ec_prepare, ec_quit, ec_close
 *	worker.c	run_all (a job taken is a job run), park
 *	channel.c	channel_look, channel_close; the chain is a flag that is
 *			set last
 *
 * Memory is x86-TSO: the tail of a lane waits in the store buffer of its owner;
 * an RMW or a fence of the owner waits until it has arrived, a heavy fence of
 * anybody makes all arrive (see eventcount.pml). The other plain stores are
 * followed by an RMW or a fence of their thread before it does anything that
 * depends on them: late is the same as a thread that is slow.
 *
 * Asserted when all threads are through: each lane is empty, as many jobs ran as
 * were accepted; and no call that began after the close returned is accepted.
 * (A worker that waits for ever is an invalid end state.)
 *
 * Not modelled: who is woken (eventcount.pml; here whoever waits for a job sees
 * it), batches that workers move, growth, discard (a guest is one more taker).
 */
#ifndef NS
#define NS 2	/* submitters */
#endif
#ifndef NW
#define NW 2	/* workers */
#endif
#ifndef NL
#define NL NS	/* lanes; fewer: who comes later waits for one */
#endif
#ifndef CALLS
#define CALLS 2	/* of each submitter */
#endif
#ifndef BATCH
#define BATCH 1	/* jobs of one call */
#endif

/* lanes */
byte head[NL], tail[NL];
bool is_pending[NL];	/* the last BATCH tickets are not in memory */
bool is_open[NL];	/* room_end is not 0 */
bool is_sealed[NL];
bool is_owned[NL];
byte nr_lanes;
bool is_closed;		/* lanes->is_closed */
bool is_shut;		/* the chain is finished */
/* the word */
byte pre;
bool closed;
/* ghosts */
byte nr_accepted, nr_ran, nr_ended;
bool was_closed;	/* rota_pool_close returned */

#define IN_MEMORY(l) (tail[l] - is_pending[l] * BATCH)
#define COUNT(l) (IN_MEMORY(l) - head[l])
#if NL == 1
#define HAS_WORK (COUNT(0) > 0)
#define HEAVY_FENCE is_pending[0] = 0
#else
#define HAS_WORK (COUNT(0) > 0 || COUNT(1) > 0)
#define HEAVY_FENCE d_step { is_pending[0] = 0; is_pending[1] = 0 }
#endif
#define FENCE(l) (!is_pending[l])

proctype memory()
{
end:	do
	:: d_step { is_pending[0] -> is_pending[0] = 0 }
#if NL > 1
	:: d_step { is_pending[1] -> is_pending[1] = 0 }
#endif
	od
}

proctype submitter()
{
	byte calls = CALLS, l, first, h;
	bool is_late;

	/* lanes_claim: of those there are, or one more */
	atomic {
		if
		:: nr_lanes > 0 && !is_owned[0] -> l = 0
#if NL > 1
		:: nr_lanes > 1 && !is_owned[1] -> l = 1
#endif
		:: nr_lanes < NL && (nr_lanes == 0 || is_owned[0]) ->
			l = nr_lanes; nr_lanes++;
#ifdef M_CLAIM_OPEN	/* a new lane is open from the beginning */
			is_open[l] = 1
#endif
		fi;
		is_owned[l] = 1
	}
#ifndef M_CLAIM_OPEN
	goto reopen;
#endif
call:	atomic {
		if
		:: calls == 0 -> goto done
		:: else -> is_late = was_closed
		fi
	}
	/* lane_push; the owner's stores are in order: one that is pending makes
	 * room first */
	atomic {
		if
		:: is_open[l] -> skip
		:: else -> goto reopen
		fi
	}
	atomic {
		FENCE(l);
		first = tail[l]; tail[l] = tail[l] + BATCH; is_pending[l] = 1;
		calls--
	}
	/* pool_published */
	atomic {
		if
		:: !pre && !closed ->
			nr_accepted = nr_accepted + BATCH; assert(!is_late);
			first = 0; goto call
		:: else
		fi
	}
#ifndef NO_F4
	FENCE(l);
#endif
	atomic {
		if
#ifdef M_IGNORES_CLOSED
		:: true ->
#else
		:: !closed ->
#endif
			nr_accepted = nr_accepted + BATCH; assert(!is_late);
			first = 0; goto call
		:: closed
		fi
	}
	/* lanes_withdraw */
	is_closed = 1;
	is_open[l] = 0;
	atomic {
		FENCE(l);
		if
#ifdef M_WITHDRAW_ACCEPTS
		:: true ->
#else
		:: !is_sealed[l] ->
#endif
			is_sealed[l] = 1;
			nr_accepted = nr_accepted + BATCH; assert(!is_late);
			goto done
		:: is_sealed[l]
		fi
	}
	h = head[l];
again:	atomic {
		if
		:: h == first + BATCH /* all were taken */
#ifdef M_WITHDRAW_RESTS	/* what was taken is taken: no compare */
		:: h != first + BATCH -> head[l] = first + BATCH
#else
		:: h != first + BATCH && head[l] == h -> head[l] = first + BATCH
		:: h != first + BATCH && head[l] != h -> h = head[l]; goto again
#endif
		fi;
#ifndef M_WITHDRAW_REFUSES
		/* a huge number, if it took back more than its own */
		nr_accepted = nr_accepted + (h < first -> BATCH : h - first);
#endif
		assert(!is_late || h == first);
		h = 0; first = 0; goto done
	}
	/* lanes_reopen */
reopen:	is_open[l] = 1;
#ifndef M_REOPEN
	atomic {
		if
		:: is_closed
		:: else -> goto call
		fi
	}
	is_open[l] = 0;
	goto done;
#else
	goto call;
#endif
	/* lanes_release: a release store, after all others */
done:	atomic { FENCE(l) -> is_owned[l] = 0; nr_ended++ }
}

/* A worker that found something cancels, and begins anew. */
#define FOUND pre--; l = 0; nr = 0; goto take

proctype worker()
{
	byte l, nr;

	/* run_all, until there is nothing; then it waits */
take:	atomic {
		if
		:: COUNT(0) > 0 -> head[0] = head[0] + 1; nr_ran++; goto take
#if NL > 1
		:: COUNT(1) > 0 -> head[1] = head[1] + 1; nr_ran++; goto take
#endif
		:: !HAS_WORK
		fi
	}
	/* ec_prepare */
	pre++;
#ifndef M_NO_HEAVY
	HEAVY_FENCE;
#endif
	/* channel_look */
	nr = nr_lanes;
	do
	:: l < nr ->
		atomic {
			if
			:: COUNT(l) > 0 -> FOUND
			:: else -> l++
			fi
		}
	:: else -> break
	od;
	atomic {
		l = 0;
		if
		:: is_shut
		:: else -> goto parked /* parks */
		fi
	}
	/* lanes_are_finished; who shut the chain closed the lanes before */
	nr = nr_lanes;
	do
	:: l < nr ->
#ifndef M_SEAL_FULL	/* else: seals a lane with jobs in it */
		atomic {
			if
			:: COUNT(l) > 0 -> FOUND
			:: else
			fi
		}
#endif
#ifndef M_NO_SEAL
		is_sealed[l] = 1;
#endif
		atomic {
#ifndef M_NO_LOOK
			if
			:: COUNT(l) > 0 -> FOUND
			:: else -> l++
			fi
#else
			l++
#endif
		}
	:: else -> break
	od;
	atomic { pre--; l = 0; nr = 0; nr_ended++; goto ended }

parked:	atomic { pre--; nr = 0 };
	atomic { HAS_WORK || is_shut -> goto take }
ended:	skip
}

proctype closer()
{
	byte l, nr;

	/* ec_close, lanes_close, chain_close; clean without the heavy fence:
	 * who ends has announced it, and so made one; and without [pool.F4]
	 * if this one is there */
#ifndef M_CLOSED_LATE
	closed = 1;
#endif
#if !defined(M_NO_HEAVY) && !defined(NO_HEAVY_CLOSE)
	HEAVY_FENCE;
#endif
	is_closed = 1;
	nr = nr_lanes;
	do
	:: l < nr -> is_open[l] = 0; l++
	:: else -> break
	od;
	is_shut = 1;
#ifdef M_CLOSED_LATE
	closed = 1;
#endif
	atomic { was_closed = 1; nr_ended++; l = 0; nr = 0 }
}

init {
	byte i;

	atomic {
		run memory();
		for (i : 1 .. NS) { run submitter() }
		for (i : 1 .. NW) { run worker() }
		run closer();
		i = 0
	}
	(nr_ended == NS + NW + 1);
	assert(!HAS_WORK && nr_ran == nr_accepted);
	assert(pre == 0)
}
