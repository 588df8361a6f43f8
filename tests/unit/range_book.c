/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * broker/range.c: who is told what, in which order, until a range is granted; and what happens when
 * workers lie, hang and die. Messages go into a list that the test reads.
 */
#include "config.h"

#include <stdio.h>

#include "broker/range.h"
#include "tests/unit/unit.h"

enum { DISK = 1, OTHER = 2 };	/* backends */
enum { PATIENCE_MS = 10000 };

/* A controller: up to three namespaces. */
static struct host {
	const char *name;
	struct ipc_record record;
	struct range_member *m;
	unsigned killed;
	bool deaf;
} a, b, c;

static struct said { struct host *who; uint32_t type; struct ipc_range range; } said[64];
static unsigned nsaid, nread;
static struct range_book *book;

static int
say(void *who, uint32_t type, const void *payload, size_t size)
{
	struct said *s = &said[nsaid++];
	struct host *h = who;

	if (h->deaf) {
		nsaid--;
		return (-1);
	}
	assert_true(nsaid < ARRAY_LEN(said));
	memset(s, 0, sizeof(*s));
	s->who = who;
	s->type = type;
	memcpy(&s->range, payload, type == IPC_RANGE_RESET ? 0 : size);
	return (0);
}

static void
kill_it(void *who, const char *why)
{
	assert_non_null(why);
	((struct host *)who)->killed++;
}

static const struct ipc_record *
record_of(void *who)
{
	return (&((struct host *)who)->record);
}

/* The next message is this one. Returns it. */
static const struct ipc_range *
heard(struct host *who, uint32_t type)
{
	const struct said *s = &said[nread];

	if (nread == nsaid)
		fail_msg("nothing was said to %s", who->name);
	if (s->who != who || s->type != type)
		fail_msg("%s heard %u, not %s %u", s->who->name, s->type, who->name, type);
	nread++;
	return (&s->range);
}

/* The token of a HOLD. */
static uint64_t
hold(struct host *who, uint32_t nsid, uint64_t offset, uint64_t len, bool answer)
{
	const struct ipc_range *r = heard(who, IPC_RANGE_HOLD);

	assert_int_equal(r->nsid, nsid);
	assert_int_equal(r->offset, offset);
	assert_int_equal(r->len, len);
	assert_int_equal(r->answer, answer);
	assert_int_not_equal(r->token, 0);
	return (r->token);
}

static void
granted(struct host *who, uint64_t asked)
{
	assert_int_equal(heard(who, IPC_RANGE_GRANT)->token, asked);
}

static void
freed(struct host *who, uint64_t token)
{
	assert_int_not_equal(token, 0);
	assert_int_equal(heard(who, IPC_RANGE_FREE)->token, token);
}

/* What was held for the last broker. nsid UINT32_MAX: all of it. */
static void
forgotten(struct host *who, uint32_t nsid)
{
	const struct ipc_range_ref *m = (const void *)heard(who, IPC_RANGE_FREE);

	assert_int_equal(m->token, 0);
	assert_int_equal(m->nsid, nsid);
}

/* All of it, since nobody knows what the last broker granted there. */
static void
unknown(struct host *who, uint32_t nsid)
{
	const struct ipc_range *r = heard(who, IPC_RANGE_HOLD);

	assert_int_equal(r->token, 0);
	assert_int_equal(r->nsid, nsid);
	assert_int_equal(r->offset, 0);
	assert_true(r->len == UINT64_MAX);
	assert_int_equal(r->answer, 0);
}

static void
silence(void)
{
	if (nread != nsaid)
		fail_msg("%s heard %u", said[nread].who->name, said[nread].type);
	nread = nsaid = 0;
}

static void
has(struct host *h, uint32_t nsid, uint8_t backend, bool readonly)
{
	struct ipc_record_ns *ns = &h->record.ns[h->record.nns++];

	ns->nsid = nsid;
	ns->readonly = readonly;
	ns->claim[31] = backend;
}

static int
lock(struct host *h, uint64_t token, uint32_t nsid, uint64_t offset, uint64_t len)
{
	return (range_lock(h->m, &(struct ipc_range){ .token = token, .nsid = nsid,
	    .offset = offset, .len = len }));
}

static void
joins(struct host *h)
{
	h->m = range_join(book, h, false);
	assert_non_null(h->m);
	assert_int_equal(range_tell(h->m, NULL), 0);
}

static void
leaves(struct host *h)
{
	range_gone(h->m);
	range_drained(h->m);
	h->m = NULL;
}

static int
setup(void **state)
{
	static const struct range_calls calls = { say, kill_it, record_of };

	(void)state;
	a = (struct host){ .name = "a" };
	b = (struct host){ .name = "b" };
	c = (struct host){ .name = "c" };
	has(&a, 1, DISK, false);
	has(&b, 7, DISK, false);	/* the same under another name */
	has(&c, 1, OTHER, false);
	has(&c, 2, DISK, true);
	nsaid = nread = 0;
	book = range_book_new(&calls, PATIENCE_MS, 1);
	assert_non_null(book);
	joins(&a);
	joins(&b);
	joins(&c);
	silence();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	if (a.m != NULL)
		leaves(&a);
	if (b.m != NULL)
		leaves(&b);
	if (c.m != NULL)
		leaves(&c);
	range_book_free(book);
	return (0);
}

/* A lock of a's up to its grant; the token of the hold. */
static uint64_t
grant_to_a(uint64_t asked, uint64_t offset, uint64_t len)
{
	uint64_t t;

	assert_int_equal(lock(&a, asked, 1, offset, len), 0);
	t = hold(&a, 1, offset, len, true);
	assert_int_equal(hold(&b, 7, offset, len, true), t);
	silence();
	assert_int_equal(range_held(a.m, t), 0);
	silence();
	assert_int_equal(range_held(b.m, t), 0);
	granted(&a, asked);
	silence();
	return (t);
}

/* While a description is replaced by another, the record has both; the worker has one namespace. */
static void
told_once_of_two_descriptions(void **state)
{
	uint64_t t;

	(void)state;
	has(&b, 7, DISK, false);
	b.record.ns[0].state = RECORD_NS_LEAVING;
	t = grant_to_a(5, 4096, 512);
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	silence();
}

/* All who may write there, its own worker among them, and nobody else. */
static void
all_hold_then_grant_then_free(void **state)
{
	uint64_t t = grant_to_a(5, 4096, 512);

	(void)state;
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	silence();
	assert_false(range_pass(book, 1));
}

static void
overlapping_ones_wait_in_order(void **state)
{
	uint64_t t = grant_to_a(5, 4096, 512), t2, t3;

	(void)state;
	assert_int_equal(lock(&b, 9, 7, 4097, 1), 0);
	silence();
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	t2 = hold(&a, 1, 4097, 1, true);
	assert_int_equal(hold(&b, 7, 4097, 1, true), t2);
	silence();
	/* one that overlaps what waits, or is under way, is not first */
	assert_int_equal(lock(&a, 6, 1, 4000, 98), 0);
	silence();
	assert_int_equal(range_held(b.m, t2), 0);
	assert_int_equal(range_held(a.m, t2), 0);
	granted(&b, 9);
	assert_int_equal(range_unlock(b.m, 9), 0);
	freed(&a, t2);
	freed(&b, t2);
	t3 = hold(&a, 1, 4000, 98, true);
	assert_int_equal(hold(&b, 7, 4000, 98, true), t3);
	silence();
}

static void
apart_they_do_not_wait(void **state)
{
	uint64_t t2;

	(void)state;
	grant_to_a(5, 4096, 512);
	/* right behind it */
	assert_int_equal(lock(&b, 9, 7, 4608, 512), 0);
	t2 = hold(&a, 1, 4608, 512, true);
	hold(&b, 7, 4608, 512, true);
	assert_int_equal(range_held(b.m, t2), 0);
	assert_int_equal(range_held(a.m, t2), 0);
	granted(&b, 9);
	/* the same bytes of another backend */
	assert_int_equal(lock(&c, 3, 1, 4096, 512), 0);
	hold(&c, 1, 4096, 512, true);
	silence();
}

static void
rules_that_can_be_broken(void **state)
{
	static const struct { uint32_t nsid; uint64_t offset, len; } bad[] = {
		{ 2, 0, 512 },			/* not its own */
		{ 7, 0, 512 },			/* another one's name of it */
		{ 0, 0, 512 },
		{ UINT32_MAX, 0, 512 },
		{ 1, 0, 0 },
		{ 1, 0, RANGE_BYTES + 1 },
		{ 1, UINT64_MAX, 2 },		/* wraps */
		{ 1, INT64_MAX, 1 },
	};
	uint64_t t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(lock(&a, 1, bad[i].nsid, bad[i].offset, bad[i].len), -1);
	assert_int_equal(lock(&c, 1, 2, 0, 512), -1);		/* read-only */
	assert_int_equal(range_unlock(a.m, 1), -1);		/* has nothing */
	assert_int_equal(range_reset_done(a.m), -1);
	silence();
	t = grant_to_a(5, 0, 512);
	assert_int_equal(lock(&a, 6, 1, 8192, 512), -1);	/* one at a time */
	assert_int_equal(range_unlock(a.m, 6), -1);
	assert_int_equal(range_held(b.m, t), 0);		/* it is granted: too late to matter */
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	assert_int_equal(lock(&a, 7, 1, 0, 512), 0);
	t = hold(&a, 1, 0, 512, true);
	hold(&b, 7, 0, 512, true);
	assert_int_equal(range_held(a.m, t), 0);
	assert_int_equal(range_held(a.m, t), -1);		/* twice */
	assert_int_equal(range_held(c.m, t), -1);		/* not asked */
	assert_int_equal(range_held(c.m, t + 1), 0);		/* such a one may have ended */
	silence();
}

/* Nobody can be told of more ranges than it has time to answer. */
static void
it_may_not_change_its_mind(void **state)
{
	(void)state;
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	hold(&a, 1, 0, 512, true);
	hold(&b, 7, 0, 512, true);
	assert_int_equal(range_unlock(a.m, 5), -1);
	silence();
}

/* Its writes may land until it is drained, so till then it has not held anything. */
static void
the_dead_hold_when_they_are_drained(void **state)
{
	uint64_t t;

	(void)state;
	range_gone(b.m);
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	t = hold(&a, 1, 0, 512, true);
	assert_int_equal(range_held(a.m, t), 0);
	silence();
	range_drained(b.m);
	b.m = NULL;
	granted(&a, 5);
	silence();
}

static void
what_the_dead_had_is_free_when_they_are_drained(void **state)
{
	uint64_t t = grant_to_a(5, 0, 512);

	(void)state;
	assert_int_equal(lock(&b, 9, 7, 0, 512), 0);
	range_gone(a.m);
	silence();
	range_drained(a.m);
	a.m = NULL;
	freed(&b, t);
	t = hold(&b, 7, 0, 512, true);
	assert_int_equal(range_held(b.m, t), 0);
	granted(&b, 9);
	silence();
}

static void
what_the_dead_only_asked_for_is_free_at_once(void **state)
{
	uint64_t t;

	(void)state;
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	t = hold(&a, 1, 0, 512, true);
	hold(&b, 7, 0, 512, true);
	range_gone(a.m);
	freed(&b, t);
	silence();
}

/* Before it can write anything, and without an answer. */
static void
who_comes_later_is_told(void **state)
{
	uint64_t t;
	struct host d = { .name = "d" };

	(void)state;
	has(&d, 3, DISK, false);
	has(&d, 4, OTHER, false);
	t = grant_to_a(5, 1024, 512);
	joins(&d);
	assert_int_equal(hold(&d, 3, 1024, 512, false), t);
	silence();
	/* for a namespace that is new to it */
	has(&d, 5, DISK, false);
	assert_int_equal(range_tell(d.m, d.record.ns[2].claim), 0);
	hold(&d, 3, 1024, 512, false);	/* twice is once */
	hold(&d, 5, 1024, 512, false);
	assert_int_equal(range_tell(d.m, d.record.ns[1].claim), 0);
	silence();
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	freed(&d, t);
	silence();
	/* all names of it answer */
	assert_int_equal(lock(&a, 6, 1, 0, 1), 0);
	t = hold(&a, 1, 0, 1, true);
	hold(&b, 7, 0, 1, true);
	hold(&d, 3, 0, 1, true);
	hold(&d, 5, 0, 1, true);
	assert_int_equal(range_held(a.m, t), 0);
	assert_int_equal(range_held(b.m, t), 0);
	assert_int_equal(range_held(d.m, t), 0);
	silence();
	assert_int_equal(range_held(d.m, t), 0);
	granted(&a, 6);
	silence();
	leaves(&d);
}

static void
who_does_not_read_is_told_again_or_killed(void **state)
{
	struct host d = { .name = "d", .deaf = true };

	(void)state;
	has(&d, 3, DISK, false);
	grant_to_a(5, 0, 512);
	d.m = range_join(book, &d, false);
	assert_int_equal(range_tell(d.m, NULL), -1);
	assert_int_equal(d.killed, 0);
	d.deaf = false;
	assert_int_equal(range_tell(d.m, NULL), 0);
	hold(&d, 3, 0, 512, false);
	d.deaf = true;
	assert_int_equal(lock(&b, 9, 7, 4096, 512), 0);
	assert_int_equal(d.killed, 1);
	leaves(&d);
	nread = nsaid;
	silence();
}

static void
time_is_over(void **state)
{
	uint64_t t;

	(void)state;
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	t = hold(&a, 1, 0, 512, true);
	hold(&b, 7, 0, 512, true);
	assert_int_equal(range_held(a.m, t), 0);
	assert_true(range_pass(book, PATIENCE_MS));
	assert_int_equal(a.killed + b.killed, 0);
	assert_true(range_pass(book, 1));
	assert_int_equal(a.killed, 0);
	assert_int_equal(b.killed, 1);
	/* it is not granted before the one that was killed is drained */
	range_gone(b.m);
	assert_true(range_pass(book, 1));
	assert_int_equal(b.killed, 1);
	silence();
	range_drained(b.m);
	b.m = NULL;
	granted(&a, 5);
	assert_true(range_pass(book, PATIENCE_MS));
	assert_int_equal(a.killed, 0);
	assert_true(range_pass(book, 1));
	assert_int_equal(a.killed, 1);
	silence();
}

static void
no_more_than_some_at_a_time(void **state)
{
	struct host many[RANGE_ACTIVE + 1];
	uint64_t t[RANGE_ACTIVE];
	unsigned n = 0;

	(void)state;
	leaves(&b);
	silence();
	memset(many, 0, sizeof(many));
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		many[i].name = "one of many";
		has(&many[i], 1, OTHER, false);
		joins(&many[i]);
	}
	leaves(&c);
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		assert_int_equal(lock(&many[i], 1, 1, i * 512, 512), 0);
		if (i < RANGE_ACTIVE)
			t[i] = hold(&many[0], 1, i * 512, 512, true);
		for (unsigned k = 1; i < RANGE_ACTIVE && k < ARRAY_LEN(many); k++)
			hold(&many[k], 1, i * 512, 512, true);
		silence();
	}
	for (unsigned k = 0; k < ARRAY_LEN(many); k++)
		assert_int_equal(range_held(many[k].m, t[3]), 0);
	granted(&many[3], 1);
	assert_int_equal(range_unlock(many[3].m, 1), 0);
	for (; n < ARRAY_LEN(many); n++)
		freed(&many[n], t[3]);
	for (n = 0; n < ARRAY_LEN(many); n++)
		hold(&many[n], 1, RANGE_ACTIVE * 512, 512, true);
	silence();
	for (n = 0; n < ARRAY_LEN(many); n++)
		range_gone(many[n].m);
	for (n = 0; n < ARRAY_LEN(many); n++)
		range_drained(many[n].m);
	nread = nsaid;
}

/* ---- a new broker ---- */

static void
old_joins(struct host *h)
{
	h->m = range_join(book, h, true);
	assert_non_null(h->m);
}

/* Has a and b; c is not there. */
static void
taken_over(void)
{
	leaves(&a);
	leaves(&b);
	leaves(&c);
	range_takeover_begin(book);
	old_joins(&a);
	old_joins(&b);
	silence();
	range_takeover_end(book);
	heard(&a, IPC_RANGE_RESET);
	heard(&b, IPC_RANGE_RESET);
	silence();
}

static void
nobody_is_granted_before_all_are_reset(void **state)
{
	uint64_t t;

	(void)state;
	taken_over();
	/* said to the last one: of no meaning now */
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	assert_int_equal(range_unlock(b.m, 77), 0);
	assert_int_equal(range_held(b.m, 78), 0);
	silence();
	assert_int_equal(range_reset_done(a.m), 0);
	assert_int_equal(lock(&a, 6, 1, 0, 512), 0);
	silence();
	/* who comes now does not know what is held: all is that somebody may still write for the last
	 * broker, and nothing else */
	has(&c, 3, DISK, false);
	joins(&c);
	unknown(&c, 3);
	silence();
	assert_int_equal(range_reset_done(b.m), 0);
	forgotten(&a, UINT32_MAX);
	forgotten(&b, UINT32_MAX);
	forgotten(&c, UINT32_MAX);
	t = hold(&a, 1, 0, 512, true);
	assert_int_equal(hold(&b, 7, 0, 512, true), t);
	assert_int_equal(hold(&c, 3, 0, 512, true), t);
	silence();
	assert_int_equal(range_reset_done(b.m), -1);
}

/* Backends that nobody writes for the last broker do not wait, and each is free as soon as it can. */
static void
each_backend_for_itself(void **state)
{
	struct host d = { .name = "d" };
	uint64_t t;

	(void)state;
	has(&b, 8, OTHER, false);
	has(&d, 5, OTHER, false);
	has(&d, 6, DISK, false);
	has(&d, 9, OTHER + 1, false);
	taken_over();
	joins(&d);
	unknown(&d, 5);
	unknown(&d, 6);
	/* nobody else has that one */
	assert_int_equal(lock(&d, 1, 9, 0, 512), 0);
	t = hold(&d, 9, 0, 512, true);
	assert_int_equal(range_held(d.m, t), 0);
	granted(&d, 1);
	assert_int_equal(range_unlock(d.m, 1), 0);
	freed(&d, t);
	/* of OTHER and DISK only b still may write something */
	assert_int_equal(range_reset_done(a.m), 0);
	silence();
	/* a third one comes, and is known to write OTHER */
	assert_int_equal(lock(&d, 2, 5, 0, 512), 0);
	silence();
	assert_int_equal(range_reset_done(b.m), 0);
	forgotten(&a, UINT32_MAX);
	forgotten(&b, UINT32_MAX);
	forgotten(&d, UINT32_MAX);
	t = hold(&b, 8, 0, 512, true);
	assert_int_equal(hold(&d, 5, 0, 512, true), t);
	silence();
	leaves(&d);
	freed(&b, t);
	silence();
}

static void
one_backend_is_free_before_the_other(void **state)
{
	uint64_t t;

	(void)state;
	leaves(&a);
	leaves(&b);
	leaves(&c);
	has(&b, 8, OTHER, false);
	range_takeover_begin(book);
	old_joins(&a);
	old_joins(&b);
	old_joins(&c);
	range_takeover_end(book);
	heard(&a, IPC_RANGE_RESET);
	heard(&b, IPC_RANGE_RESET);
	heard(&c, IPC_RANGE_RESET);
	/* DISK: a, b. OTHER: b, c */
	assert_int_equal(range_reset_done(a.m), 0);
	silence();
	assert_int_equal(lock(&a, 1, 1, 0, 512), 0);
	assert_int_equal(range_reset_done(b.m), 0);
	forgotten(&a, 1);
	forgotten(&b, 7);
	t = hold(&a, 1, 0, 512, true);
	assert_int_equal(hold(&b, 7, 0, 512, true), t);
	silence();
	assert_int_equal(lock(&b, 2, 8, 0, 512), 0);
	silence();
	range_gone(c.m);
	silence();
	range_drained(c.m);
	c.m = NULL;
	forgotten(&a, UINT32_MAX);
	forgotten(&b, UINT32_MAX);
	hold(&b, 8, 0, 512, true);
	silence();
}

/* It has not answered yet, and what it did not have is not what it may be writing for the last one. */
static void
a_namespace_comes_to_one_that_owes(void **state)
{
	uint64_t t;

	(void)state;
	leaves(&a);
	leaves(&b);
	leaves(&c);
	range_takeover_begin(book);
	old_joins(&a);
	old_joins(&c);
	range_takeover_end(book);
	heard(&a, IPC_RANGE_RESET);
	heard(&c, IPC_RANGE_RESET);
	/* what c may write: nobody knows */
	has(&a, 4, OTHER, false);
	assert_int_equal(range_tell(a.m, a.record.ns[1].claim), 0);
	unknown(&a, 4);
	assert_int_equal(range_reset_done(c.m), 0);
	forgotten(&a, 4);
	forgotten(&c, 1);
	silence();
	/* it is one of two now, whatever else it owes; and its word counts */
	assert_int_equal(lock(&c, 2, 1, 0, 512), 0);
	t = hold(&a, 4, 0, 512, true);
	assert_int_equal(hold(&c, 1, 0, 512, true), t);
	assert_int_equal(range_held(c.m, t), 0);
	silence();
	assert_int_equal(range_held(a.m, t - 1), 0);	/* of the last broker */
	assert_int_equal(range_held(a.m, t), 0);
	granted(&c, 2);
	silence();
	assert_int_equal(range_reset_done(a.m), 0);
	forgotten(&a, UINT32_MAX);
	forgotten(&c, UINT32_MAX);
	silence();
}

/* Before all are taken over nothing is known of any backend. */
static void
who_comes_in_the_middle_of_it(void **state)
{
	uint64_t t;

	(void)state;
	leaves(&a);
	leaves(&b);
	leaves(&c);
	range_takeover_begin(book);
	old_joins(&a);
	joins(&c);
	unknown(&c, 1);
	assert_int_equal(lock(&c, 2, 1, 0, 512), 0);
	silence();
	range_takeover_end(book);
	heard(&a, IPC_RANGE_RESET);
	forgotten(&c, 1);
	t = hold(&c, 1, 0, 512, true);
	assert_int_equal(range_held(c.m, t), 0);
	granted(&c, 2);
	silence();
}

static void
a_reset_ends_with_the_drain_of_the_dead(void **state)
{
	(void)state;
	taken_over();
	assert_int_equal(range_reset_done(a.m), 0);
	range_gone(b.m);
	silence();
	range_drained(b.m);
	b.m = NULL;
	forgotten(&a, UINT32_MAX);
	silence();
	assert_false(range_pass(book, 1));
}

/* One that was dead already, with nothing to drain, does not end the takeover of the others. */
static void
a_takeover_is_one(void **state)
{
	(void)state;
	leaves(&a);
	leaves(&b);
	leaves(&c);
	range_takeover_begin(book);
	old_joins(&a);
	leaves(&a);
	old_joins(&b);
	silence();
	range_takeover_end(book);
	heard(&b, IPC_RANGE_RESET);
	silence();
	assert_int_equal(range_reset_done(b.m), 0);
	forgotten(&b, UINT32_MAX);
	silence();
}

static void
who_does_not_reset_is_killed(void **state)
{
	(void)state;
	taken_over();
	assert_int_equal(range_reset_done(a.m), 0);
	assert_true(range_pass(book, PATIENCE_MS));
	assert_int_equal(b.killed, 0);
	assert_true(range_pass(book, 1));
	assert_int_equal(a.killed, 0);
	assert_int_equal(b.killed, 1);
	silence();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_hold_then_grant_then_free),
		TEST(told_once_of_two_descriptions),
		TEST(overlapping_ones_wait_in_order),
		TEST(apart_they_do_not_wait),
		TEST(rules_that_can_be_broken),
		TEST(it_may_not_change_its_mind),
		TEST(the_dead_hold_when_they_are_drained),
		TEST(what_the_dead_had_is_free_when_they_are_drained),
		TEST(what_the_dead_only_asked_for_is_free_at_once),
		TEST(who_comes_later_is_told),
		TEST(who_does_not_read_is_told_again_or_killed),
		TEST(time_is_over),
		TEST(no_more_than_some_at_a_time),
		TEST(nobody_is_granted_before_all_are_reset),
		TEST(each_backend_for_itself),
		TEST(one_backend_is_free_before_the_other),
		TEST(a_namespace_comes_to_one_that_owes),
		TEST(who_comes_in_the_middle_of_it),
		TEST(a_reset_ends_with_the_drain_of_the_dead),
		TEST(a_takeover_is_one),
		TEST(who_does_not_reset_is_killed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
