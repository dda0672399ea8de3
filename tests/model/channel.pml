/* SPDX-License-Identifier: MIT */
/*
 * Question: does a chain of gated rings hand each accepted job over exactly
 * once and in order, refuse the others for a reason, and say "finished" only
 * when it is?
 *
 * Mirrors, one shared access per step:
 *	ring.h		ring_gate, ring_count, ring_gate_wait (as "blocked until
 *			the gate is not held"), ring_push, ring_close,
 *			ring_pop (CK's dequeue: c_head, p_tail, slot, CAS)
 *	ring.h		ring_push_one is the way of ring_push that does not wait
 *			(the store of seen_c_head changes nothing there); what
 *			it refuses begins again with ring_push
 *	channel.c	grow, wait_for_next, link_next, advance, ring_retire,
 *			channel_push, channel_pop, channel_look, channel_close
 *
 * Asserted:
 *	order	jobs leave in the order of the p_head CAS, over all rings; with
 *		the last check (as many popped as pushed): exactly once
 *	limit	a ring never holds more than its limit
 *	full	IS_FULL only if the ring was full at some moment of the call
 *	closed	IS_CLOSED only after channel_close began; nothing is accepted
 *		by a call that began after channel_close returned
 *	finished  nothing is left, nothing is accepted later, later looks agree
 *	stuck	no invalid end state; each wait is a guard, so whoever waits for
 *		nothing is a deadlock
 *
 * Not modelled: store buffers (nobody here decides by a load that follows his
 * own plain store; the look that does is in eventcount.pml), weaker memory
 * than that, rings that double (all have SIZE slots), spare rings of growers
 * that lost, `pushed`, submitters that pop (drop oldest), starvation.
 *
 * Indices are modulo WRAP and begin at START, so that they wrap on the way.
 */
#ifndef NS
#define NS 2	/* submitters */
#endif
#ifndef NC
#define NC 2	/* consumers */
#endif
#ifndef NCLOSE
#define NCLOSE 1 /* threads that close the channel */
#endif
#ifndef JOBS
#define JOBS 2	/* of each submitter, */
#endif
#ifndef LAST
#define LAST JOBS /* but of the last one */
#endif
#ifndef BATCH
#define BATCH 1	/* jobs that one call may push */
#endif
#ifndef NR
#define NR 2	/* rings; a bounded channel has one */
#endif
#ifndef SIZE
#define SIZE 2
#endif
#ifndef LIMIT
#define LIMIT 1
#endif
#ifndef WRAP
#define WRAP 8	/* more than twice SIZE */
#endif
#ifndef START
#define START (WRAP - 1)
#endif

#define END NR
#define NONE 9
#define SUB(a, b) (((a) - (b) + WRAP) % WRAP)
#define ADD(a, b) (((a) + (b)) % WRAP)
#define SLOT(r, i) slot[(r) * SIZE + (i) % SIZE]
#define IS_FULL(r) (SUB(p_head[r], c_head[r]) >= LIMIT)

#ifdef M_UNSIGNED_GATE	/* without the (int): a stale head looks closed */
#define CLOSED(d) ((d) >= SIZE)
#else
#define CLOSED(d) ((d) >= SIZE && (d) < WRAP / 2)
#endif
/* the truth, for who waits */
#define GATE_IS_FREE(r) \
	(p_head[r] == p_tail[r] || SUB(p_head[r], p_tail[r]) == SIZE)
#if NR == 1
#define HAS_WORK (c_head[0] != p_tail[0])
#elif NR == 2
#define HAS_WORK (c_head[0] != p_tail[0] || c_head[1] != p_tail[1])
#else
#define HAS_WORK (c_head[0] != p_tail[0] || c_head[1] != p_tail[1] || \
		  c_head[2] != p_tail[2])
#endif

byte p_head[NR] = START, p_tail[NR] = START, c_head[NR] = START;
byte seen_c_head[NR] = START;
byte next[NR] = NONE;
byte slot[NR * SIZE];
byte head_ring, tail_ring;	/* channel->head, channel->tail */

/* ghosts */
byte order[NS * JOBS + LAST];		/* jobs by ticket */
byte nr_pushed, nr_popped;
byte nr_submitting = NS;
bool is_closing, was_closed, is_ended, is_finished;
#ifdef BOUNDED
bool was_full[NS];
#endif

/*
 * Each atomic below is one access to shared memory and what follows from it
 * in registers (registers are zeroed when dead: fewer states). ring_gate is
 * GATE_FIRST and, in the step after it, GATE_SECOND: `h` is the ticket to ask
 * for, `d` is h - p_tail. What cannot move any more is read in the same step:
 * p_tail and next of a ring that is closed, c_head of one that is empty too.
 * (A ring pointer and the first index that is read through it: one step.)
 */
#ifdef M_TAIL_FIRST	/* p_tail is read before p_head */
#define GATE_FIRST(r, h, d)	d = p_tail[r]
#define GATE_SECOND(r, h, d)	h = p_head[r]; d = SUB(h, d)
#else
#define GATE_FIRST(r, h, d)	h = p_head[r]
#define GATE_SECOND(r, h, d)	d = SUB(h, p_tail[r])
#endif

/* did: 1 closed it, 0 somebody else did */
inline ring_close(r, h, d, did)
{
	did = 0;
retry:	GATE_FIRST(r, h, d);
	atomic {
		GATE_SECOND(r, h, d);
		if
		:: CLOSED(d) -> h = 0; d = 0; goto closed_it
		:: d == 0
		:: else ->
#ifdef M_CLOSE_HELD	/* closes although a ticket is out */
			d = 0
#else
			h = 0; d = 0; goto held
#endif
		fi
	}
	atomic {
		if
		:: p_head[r] == h ->
			p_head[r] = ADD(h, SIZE); h = 0; did = 1;
			goto closed_it
		:: else -> h = 0; goto retry
		fi
	}
held:	(GATE_IS_FREE(r));
	goto retry;
closed_it:
	skip
}

proctype submitter(byte me)
{
	byte left = (me == NS - 1 -> LAST : JOBS), job = me * JOBS + 1;
	byte ring, head, seen, room, i, d, did;
	bool late;

call:	atomic {
		if
		:: left == 0 -> goto done
		:: else
		fi;
		late = was_closed;
		ring = tail_ring;
#ifdef BOUNDED
		was_full[me] = IS_FULL(ring);
#endif
	}
push:	GATE_FIRST(ring, head, d);
	atomic {
		GATE_SECOND(ring, head, d);
		if
		:: CLOSED(d) -> d = 0; head = 0; goto closed
		:: d == 0
		:: else ->
#ifdef M_NO_GATE	/* a ticket is taken while another one is out */
			d = 0
#else
			d = 0; head = 0; goto wait
#endif
		fi
	}
	atomic {
		seen = seen_c_head[ring];
		if
		:: SUB(head, seen) < LIMIT -> goto ticket
#ifdef M_ONE_NO_LIMIT	/* ring_push_one does not ask for room */
		:: else -> goto ticket
#else
		:: else
#endif
		fi
	}
	atomic {
		seen = c_head[ring];
		if
		:: SUB(head, seen) < LIMIT -> goto ticket
#ifdef M_FULL_NO_RECHECK	/* believes a stale p_head */
		:: else -> head = 0; seen = 0; goto refused
#else
		:: else
#endif
		fi
	}
	atomic {
		seen = 0;
		if
		:: p_head[ring] == head -> head = 0; goto refused
		:: else -> head = 0; goto push
		fi
	}
ticket:	atomic {
		if
		:: p_head[ring] == head
		:: else -> head = 0; seen = 0; goto push
		fi;
#ifdef M_ONE_NO_LIMIT
		room = 1;
#else
		room = LIMIT - SUB(head, seen);
#endif
		if
		:: room > BATCH -> room = BATCH
		:: else
		fi;
		if
		:: room > left -> room = left
		:: else
		fi;
		p_head[ring] = ADD(head, room);
		assert(!late && !is_finished);
		assert(SUB(p_head[ring], c_head[ring]) <= LIMIT);
		do
		:: i < room ->
			order[nr_pushed] = job + i; nr_pushed++; i++
		:: else -> i = 0; break
		od;
#ifdef BOUNDED
		do
		:: i < NS ->
			was_full[i] = was_full[i] || IS_FULL(ring); i++
		:: else -> i = 0; break
		od
#endif
	}
#ifdef M_SEEN_IS_HEAD	/* stores something that is not a past c_head */
	atomic { seen_c_head[ring] = head; seen = 0 }
#else
	atomic { seen_c_head[ring] = seen; seen = 0 }
#endif
#ifdef M_COMMIT_FIRST	/* p_tail is stored before the slots are */
	p_tail[ring] = ADD(head, room);
#endif
copy:	atomic {
		if
		:: i < room -> SLOT(ring, head + i) = job + i; i++; goto copy
		:: else -> i = 0
		fi;
#ifndef M_COMMIT_FIRST
		p_tail[ring] = ADD(head, room);
#endif
		left = left - room; job = job + room;
		room = 0; head = 0; ring = 0; late = 0;
		goto call
	}
wait:	(GATE_IS_FREE(ring));
	goto push;

closed:	/* wait_for_next */
	atomic {
		next[ring] != NONE -> d = next[ring];
		if
		:: d == END ->
			assert(is_closing);
			d = 0; ring = 0; left = 0; late = 0; goto done
		:: else
		fi
	}
	atomic {
		if
		:: tail_ring == ring -> tail_ring = d
		:: else
		fi;
		ring = d; d = 0; goto push
	}

refused:
#ifdef BOUNDED
	atomic {
		assert(was_full[me]);
		was_full[me] = 0; left--; job++; ring = 0; late = 0;
		goto call
	}
#else
	atomic {
		if
		:: ring + 1 >= NR -> /* no memory */
			left--; job++; ring = 0; late = 0; goto call
		:: ring + 1 < NR /* grow */
		:: !IS_FULL(ring) || CLOSED(SUB(p_head[ring], p_tail[ring])) ->
			goto push /* yielded */
		fi
	}
#ifdef M_LINK_FIRST	/* the next ring is linked before this one is closed */
	next[ring] = ring + 1;
#endif
	ring_close(ring, head, d, did);
	atomic {
		if
		:: did -> next[ring] = ring + 1
		:: else
		fi;
		did = 0; goto push
	}
#endif
done:	nr_submitting--
}

proctype consumer()
{
	byte ring, c, v, d;
	bool was;

pop:	atomic { ring = head_ring; c = c_head[ring] }
again:	atomic {
		if
		:: c == p_tail[ring] -> c = 0; goto none
		:: else
		fi
	}
#ifdef M_POP_NO_CAS	/* load, compare and store are not one step */
	atomic {
		v = SLOT(ring, c);
		if
		:: c_head[ring] == c
		:: else -> c = c_head[ring]; v = 0; goto again
		fi
	}
#else
	v = SLOT(ring, c);
#endif
	atomic {
#ifndef M_POP_NO_CAS
		if
		:: c_head[ring] == c
		:: else -> c = c_head[ring]; v = 0; goto again
		fi;
#endif
		assert(nr_popped < nr_pushed && v == order[nr_popped]);
		c_head[ring] = ADD(c, 1);
		nr_popped++;
		c = 0; v = 0; ring = 0; goto pop
	}
none:	/* ring_is_closed, ring_count, ring_next */
	GATE_FIRST(ring, c, d);
	atomic {
		GATE_SECOND(ring, c, d);
		c = 0;
		if
		:: CLOSED(d) -> d = 0
		:: else -> d = 0; ring = 0; goto look
		fi
	}
	atomic {
#ifndef M_POP_NO_COUNT	/* leaves a ring that got jobs before it was closed */
		if
		:: c_head[ring] != p_tail[ring] -> ring = 0; goto pop
		:: else
		fi;
#endif
		d = next[ring];
		if
		:: d == NONE || d == END -> d = 0; ring = 0; goto look
		:: else
		fi
	}
	atomic {
		if
		:: head_ring == ring ->
			head_ring = d;
			do	/* ring_retire */
			:: c < SIZE -> SLOT(ring, c) = 0; c++
			:: else -> c = 0; break
			od
		:: else
		fi;
		ring = 0; d = 0; goto pop
	}

look:	atomic { ring = head_ring; c = c_head[ring]; was = is_finished }
counted:
	atomic {
		if
		:: c != p_tail[ring] -> assert(!was); c = 0; ring = 0; goto pop
		:: else -> c = 0
		fi
	}
	GATE_FIRST(ring, c, d);
	atomic {
		GATE_SECOND(ring, c, d);
		c = 0;
		if
		:: CLOSED(d) -> d = 0
		:: else -> d = 0; goto nothing
		fi
	}
	atomic {
#ifndef M_LOOK_NO_RECOUNT	/* the count from before it was closed */
		if
		:: c_head[ring] != p_tail[ring] ->
			assert(!was); ring = 0; goto pop
		:: else
		fi;
#endif
		d = next[ring];
		if
		:: d == NONE ->
			d = 0;
#ifdef M_NULL_IS_END	/* closed and not linked yet: taken for finished */
			assert(nr_popped == nr_pushed);
			is_finished = 1; goto done
#else
			goto nothing
#endif
		:: d == END ->
			assert(nr_popped == nr_pushed);
			is_finished = 1; d = 0; ring = 0; was = 0; goto done
		:: else -> ring = d; c = c_head[ring]; d = 0; goto counted
		fi
	}
nothing: /* until a notify: something came or the channel was closed */
	atomic {
		assert(!was); ring = 0;
		(HAS_WORK || is_ended);
		goto pop
	}
done:	skip
}

proctype closer()
{
	byte ring, head, d, did;

	atomic {
#ifdef QUIESCE	/* else the closing races with the last jobs */
		nr_submitting == 0;
#endif
		is_closing = 1; ring = tail_ring
	}
again:	ring_close(ring, head, d, did);
	atomic {
		if
		:: did ->
			did = 0;
#ifndef M_NO_END	/* the last ring is closed, END is not linked */
			next[ring] = END; is_ended = 1;
#endif
			goto done
		:: else
#ifdef M_CLOSE_ONE_RING	/* a grower was faster: does not follow */
			-> goto done
#endif
		fi
	}
	atomic {
		next[ring] != NONE -> ring = next[ring];
		if
		:: ring == END
		:: else -> goto again
		fi
	}
done:	was_closed = 1
}

init {
	byte i;

	atomic {
		for (i : 0 .. NS - 1) { run submitter(i) }
		for (i : 1 .. NC) { run consumer() }
		for (i : 1 .. NCLOSE) { run closer() }
		i = 0
	}
	(_nr_pr == 1); /* all are through */
	assert(nr_popped == nr_pushed && is_finished)
}
