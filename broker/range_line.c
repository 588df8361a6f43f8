/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requests for ranges of one backend stand in a line. One is begun when it overlaps none before
 * it: all members that may write there, its own worker among them, are told to hold the range, and
 * when all have said that nothing of theirs is under way there, it is granted. So the wait of each
 * is as long as those before it take, and nobody is passed by one that overlaps.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "broker/range_book.h"

/* For each of its namespaces that is this backend. Returns how many there are, or -1. */
int
tell_hold(struct range_member *m, const struct request *q, bool answer)
{
	const struct ipc_record *r = m->book->calls.record(m->who);
	const struct ipc_record_ns *ns;
	uint32_t at = 0;
	int n = 0;

	while ((ns = range_next_row(r, &at, q->line->key)) != NULL) {
		struct ipc_range hold = { .token = q->token, .nsid = ns->nsid,
		    .offset = q->offset, .len = q->end - q->offset, .answer = answer };

		if (range_try_say(m, IPC_RANGE_HOLD, &hold, sizeof(hold)) == -1)
			return (-1);
		n++;
	}
	return (n);
}

/* ---- requests ---- */

static int
line_compare(const struct line *a, const struct line *b)
{
	return (memcmp(a->key, b->key, sizeof(a->key)));
}

RB_GENERATE(lines, line, of_book, line_compare)

struct line *
line_find(struct range_book *book, const uint8_t key[32])
{
	struct line like = { .owed = 0 };

	memcpy(like.key, key, sizeof(like.key));
	return (RB_FIND(lines, &book->lines, &like));
}

struct line *
line_of(struct range_book *book, const uint8_t key[32])
{
	struct line *l = line_find(book, key);

	if (l != NULL || (l = calloc(1, sizeof(*l))) == NULL)
		return (l);
	memcpy(l->key, key, sizeof(l->key));
	l->book = book;
	TAILQ_INIT(&l->requests);
	RB_INSERT(lines, &book->lines, l);
	return (l);
}

void
line_release(struct line *l)
{
	if (!TAILQ_EMPTY(&l->requests) || l->owed > 0)
		return;
	RB_REMOVE(lines, &l->book->lines, l);
	free(l);
}

struct told *
told_find(const struct request *q, const struct range_member *m)
{
	struct told *t;

	TAILQ_FOREACH(t, &q->told, next)
		if (t->member == m)
			return (t);
	return (NULL);
}

struct told *
told_add(struct request *q, struct range_member *m)
{
	struct told *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return (NULL);
	t->member = m;
	TAILQ_INSERT_TAIL(&q->told, t, next);
	return (t);
}

/* The range is anybody's again. */
void
request_end(struct request *q)
{
	struct ipc_range_ref free_it = { .token = q->token };
	struct line *line = q->line;
	struct told *t;

	if (q->state == REQUEST_NONE)
		return;
	line->active -= q->state != REQUEST_WAITS;
	q->state = REQUEST_NONE;
	TAILQ_REMOVE(&line->requests, q, next);
	while ((t = TAILQ_FIRST(&q->told)) != NULL) {
		TAILQ_REMOVE(&q->told, t, next);
		RANGE_SAY(t->member, RANGE_FREE, &free_it);
		free(t);
	}
	line_advance(line);
	line_release(line);
}

void
request_grant_if_held(struct request *q)
{
	struct ipc_range_ref m = { .token = q->asked };
	struct told *t;

	TAILQ_FOREACH(t, &q->told, next)
		if (t->owes > 0)
			return;
	q->state = REQUEST_GRANTED;
	q->ms = 0;
	RANGE_SAY(q->owner, RANGE_GRANT, &m);
}

/* Does it have to hold this one? Writes of a dead one may land until it is drained. */
static bool
tell_to(struct request *q, struct range_member *m)
{
	struct told *t;
	uint32_t at = 0;
	int n;

	if (range_next_row(m->book->calls.record(m->who), &at, q->line->key) == NULL)
		return (true);
	if ((t = told_add(q, m)) == NULL)
		return (false);
	if ((n = tell_hold(m, q, true)) == -1)
		m->book->calls.kill(m->who, "it does not read");
	t->owes = m->gone || n < 1 ? 1 : (unsigned)n;
	return (true);
}

static void
begin(struct request *q)
{
	struct range_book *book = q->owner->book;
	struct range_member *m;
	bool all = true;

	q->state = REQUEST_HOLDING;
	q->token = ++book->last_token;
	q->ms = 0;
	q->line->active++;
	q->line->begun++;
	TAILQ_FOREACH(m, &book->members, next)
		all = all && tell_to(q, m);
	if (!all)
		book->calls.kill(q->owner->who, "out of memory");	/* and so it is never granted */
	else
		request_grant_if_held(q);
}

static bool
overlaps(const struct request *a, const struct request *b)
{
	return (a->offset < b->end && b->offset < a->end);
}

static bool
may_begin(const struct request *q)
{
	const struct request *before;

	TAILQ_FOREACH(before, &q->line->requests, next) {
		if (before == q)
			return (true);
		if (overlaps(before, q))
			return (false);
	}
	return (false);
}

/* Whatever begins here ends elsewhere: nothing leaves the line meanwhile. After RANGE_ACTIVE of them
 * there is a moment with none: a write that overlaps several waits for these, not for all that come. */
void
line_advance(struct line *line)
{
	struct request *q = TAILQ_FIRST(&line->requests);

	if (line->book->taking_over || line->owed > 0)
		return;
	if (line->active == 0)
		line->begun = 0;
	for (unsigned i = 0; q != NULL && i < RANGE_LOOK && line->begun < RANGE_ACTIVE; i++) {
		if (q->state == REQUEST_WAITS && may_begin(q))
			begin(q);
		q = TAILQ_NEXT(q, next);
	}
}
