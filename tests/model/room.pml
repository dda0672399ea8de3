/* SPDX-License-Identifier: MIT */
/*
 * Question: does a submitter that waits for room in a full bounded pool get to
 * know of each room that nobody else takes, and of the closing?
 *
 * Mirrors:
 *	room.h/.c	room_enter, room_prepare, room_wait, room_leave,
 *			room_is_wanted, room_notify, room_notify_all
 *	submit.c	submit_one (the first attempt), push_with_room
 *	worker.c	run_all up to room_notify
 *	channel.c	channel_queued (c_head first, then p_tail)
 *	pool.c		rota_pool_close: close, room_notify_all
 *	os.c		futex: the kernel compares under its lock; a waker may
 *			wake any of the sleepers
 *
 * The submitters in TIMED (bits) have a deadline, which in each sleep either
 * passes at any moment or never. The others wait until they are woken.
 *
 * Consumers may stop at any moment between two jobs, for ever: a job may take
 * long, and nobody who could have room or an answer may depend on its end.
 *
 * Asserted: when nothing moves any more nobody sleeps while there is room;
 * after the closing each submitter returns (else: invalid end state) and no
 * waiter is left in the count. The closing comes when nothing moves; -DRACE: at
 * any moment.
 *
 * Fences: each decision here follows an RMW of its thread, so on x86-TSO no
 * fence can be missed. The mutants M_NO_F1 and M_NO_F2 do what a weaker CPU
 * might: the load behind the fence comes before the RMW.
 *
 * Not modelled: the ring (a push or pop is one step and full is exact, see
 * channel.pml), the eventcount, jobs pushed many at once, drop-oldest (it takes
 * the room that it makes), the spurious return of a futex (deadlines and late
 * wakes act as one), 2^31 notifies between a key and its sleep.
 */
#ifndef NS
#define NS 2	/* submitters */
#endif
#ifndef NC
#define NC 1	/* consumers */
#endif
#ifndef CAPACITY
#define CAPACITY 1
#endif
#ifndef JOBS
#define JOBS 2	/* of each submitter */
#endif
#ifndef TIMED
#define TIMED 0
#endif

#define HAS_ROOM (p_tail - c_head < CAPACITY)
#define HAS_JOBS (c_head != p_tail)

byte p_tail, c_head;
bool is_closed;
byte word;			/* room.word */
byte nr_waiters;		/* room.nr_waiters */
bool is_on_futex[NS];

/* ghosts */
byte nr_submitting = NS;

/* FUTEX_WAKE of one, any */
inline wake_one()
{
	atomic {
		if
		:: is_on_futex[0] -> is_on_futex[0] = 0
#if NS > 1
		:: is_on_futex[1] -> is_on_futex[1] = 0
#endif
#if NS > 2
		:: is_on_futex[2] -> is_on_futex[2] = 0
#endif
		:: else
		fi
	}
}

/* load, then CAS until it succeeds: one step each. Uses w. */
inline room_notify()
{
	w = word;
again:	atomic {
		if
		:: w & 1 -> w = 0; goto notified
		:: else
		fi;
		if
		:: word == w ->
#ifdef M_NO_COUNT	/* the word says no more than the bit */
			word = w | 1;
#else
			word = w + 2 | 1;
#endif
			w = 0
		:: else -> w = word; goto again
		fi
	}
#ifndef M_NO_WAKE
	wake_one();
#endif
notified:
	skip
}

/* channel_push: `result` 0 refused, 1 accepted, 2 full */
#define PUSH(result) \
	d_step { \
		if \
		:: is_closed -> result = 0 \
		:: !is_closed && HAS_ROOM -> p_tail++; result = 1 \
		:: else -> result = 2 \
		fi \
	}

proctype submitter(byte me)
{
	byte left = JOBS, w, key, result, head;
	bool has_room, is_late;

submit:	atomic {
		if
		:: left == 0 -> goto done
		:: else -> left--
		fi;
		PUSH(result);
		if
		:: result == 2 -> result = 0
		:: else -> result = 0; goto submit
		fi
	}
	/* push_with_room */
#ifdef M_NO_F2		/* the attempt is before the waiter is counted */
	PUSH(result);
	nr_waiters++;
	d_step { word = word & 254; key = word };
	goto tried;
#endif
	nr_waiters++;		/* room_enter */
try:	/* room_prepare */
#ifdef M_PREPARE_KEEPS_BIT
	key = word;
#else
	atomic { word = word & 254; key = word }
#endif
	PUSH(result);
tried:	atomic {
		if
		:: result != 2 || is_late -> key = 0; goto leave
		:: else -> result = 0
		fi
	}
#ifdef M_KEY_LATE	/* the key is read after the attempt */
	key = word;
#endif
	/* room_wait: will the deadline pass or will it not? */
	atomic {
		if
		:: TIMED >> me & 1 -> is_late = 1
		:: true
		fi;
#ifdef M_NO_COMPARE	/* the kernel does not look at the value */
		is_on_futex[me] = 1;
#else
		is_on_futex[me] = (word == key);
#endif
		key = 0
	}
	atomic {
		if
		:: !is_on_futex[me] -> is_late = 0
		:: is_on_futex[me] && is_late -> is_on_futex[me] = 0
		fi;
		goto try
	}
leave:	/* channel_queued, in two reads; room_leave */
	head = c_head;
	atomic { has_room = (p_tail - head < CAPACITY); head = 0 }
#ifndef LEAVE_KEEPS_BIT /* clean as well: who was woken prepares anyway */
	word = word & 254;
#endif
	atomic {
		nr_waiters--;
#ifdef M_LEAVE_NO_PASS
		has_room = 0;
#endif
		if
		:: nr_waiters && has_room -> has_room = 0
		:: else -> has_room = 0; goto left_room
		fi
	}
	room_notify();
left_room:
	atomic { result = 0; is_late = 0; goto submit }
done:	nr_submitting--
}

proctype consumer()
{
	byte w;
	bool wanted;

pop:	if
	:: HAS_JOBS
	:: true -> goto done /* runs a job that does not end */
	fi;
#ifdef M_NO_F1		/* the look for waiters is before the pop */
	wanted = (nr_waiters != 0);
#endif
	atomic {
		if
		:: HAS_JOBS -> c_head++
		:: else -> wanted = 0; goto pop
		fi
	}
	/* room_is_wanted */
	atomic {
#ifndef M_NO_F1
		wanted = (nr_waiters != 0);
#endif
		if
		:: wanted -> wanted = 0
		:: else -> goto pop
		fi
	}
	room_notify();
	goto pop;
done:	skip
}

proctype closer()
{
	byte asleep, i;

#ifndef RACE
	timeout; /* nothing moves */
	d_step {
		for (i : 0 .. NS - 1) {
			asleep = asleep + is_on_futex[i]
		}
		assert(asleep == 0 || !HAS_ROOM);
		assert(nr_waiters == asleep && nr_submitting == asleep);
		asleep = 0; i = 0
	}
#endif
#ifndef M_CLOSE_LATE	/* tells them first */
	is_closed = 1;
#endif
#ifndef M_CLOSE_NO_NOTIFY
	/* room_notify_all */
#ifndef M_CLOSE_NO_COUNT
	word = word + 2;
#endif
#ifdef M_CLOSE_WAKES_ONE
	wake_one();
#else
	d_step {
		for (i : 0 .. NS - 1) {
			is_on_futex[i] = 0
		}
		i = 0
	}
#endif
#endif
#ifdef M_CLOSE_LATE
	is_closed = 1
#endif
}

init {
	byte i;

	atomic {
		for (i : 0 .. NS - 1) { run submitter(i) }
		for (i : 1 .. NC) { run consumer() }
		run closer();
		i = 0
	}
	(_nr_pr == 1); /* all are through */
	assert(nr_waiters == 0 && nr_submitting == 0)
}
