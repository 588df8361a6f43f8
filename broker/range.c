/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See range.h. Members, and what they say. The map of the rooms is in range_book.h.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "broker/range_book.h"

/* ---- saying ---- */

int
range_try_say(struct range_member *m, uint32_t type, const void *payload, size_t size)
{
	return (m->gone ? 0 : m->book->calls.say(m->who, type, payload, size));
}

void
range_say(struct range_member *m, uint32_t type, const void *payload, size_t size)
{
	if (range_try_say(m, type, payload, size) == -1)
		m->book->calls.kill(m->who, "it does not read");
}

/* A namespace has two descriptions while one is replaced by the other; it is told once. */
static bool
is_again(const struct ipc_record *r, const struct ipc_record_ns *ns)
{
	for (const struct ipc_record_ns *o = r->ns; o < ns; o++)
		if (!o->readonly && o->nsid == ns->nsid &&
		    memcmp(o->claim, ns->claim, sizeof(o->claim)) == 0)
			return (true);
	return (false);
}

const struct ipc_record_ns *
range_next_row(const struct ipc_record *r, uint32_t *at, const uint8_t key[32])
{
	while (*at < r->nns) {
		const struct ipc_record_ns *ns = &r->ns[(*at)++];

		if (!ns->readonly && memcmp(ns->claim, key, sizeof(ns->claim)) == 0 &&
		    !is_again(r, ns))
			return (ns);
	}
	return (NULL);
}

/* ---- members ---- */

struct range_member *
range_join(struct range_book *book, void *who, bool old)
{
	struct range_member *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return (NULL);
	m->book = book;
	m->who = who;
	m->request.owner = m;
	TAILQ_INIT(&m->request.told);
	if (old && range_owe(m) == -1) {
		range_owe_no_more(m);
		free(m);
		return (NULL);
	}
	TAILQ_INSERT_TAIL(&book->members, m, next);
	return (m);
}

int
range_tell(struct range_member *m, const uint8_t *key)
{
	struct line *l;
	struct request *q;

	if (range_tell_unknown(m, key) == -1)
		return (-1);
	RB_FOREACH(l, lines, &m->book->lines) {
		if (key != NULL && memcmp(key, l->key, sizeof(l->key)) != 0)
			continue;
		TAILQ_FOREACH(q, &l->requests, next) {
			int n = q->state < REQUEST_HOLDING ? 0 : tell_hold(m, q, false);

			if (n == -1 || (n > 0 && told_find(q, m) == NULL && told_add(q, m) == NULL))
				return (-1);
		}
	}
	return (0);
}

/* Without a grant it was not writing anything for it. */
void
range_gone(struct range_member *m)
{
	if (m == NULL)
		return;
	m->gone = true;
	if (m->request.state != REQUEST_GRANTED)
		request_end(&m->request);
}

static void
forget_told(struct request *q, struct range_member *m)
{
	struct told *t = told_find(q, m);

	if (t == NULL)
		return;
	TAILQ_REMOVE(&q->told, t, next);
	free(t);
	if (q->state == REQUEST_HOLDING)
		request_grant_if_held(q);
}

void
range_drained(struct range_member *m)
{
	struct range_book *book;
	struct line *l;
	struct request *q;

	if (m == NULL)
		return;
	m->gone = true;
	book = m->book;
	TAILQ_REMOVE(&book->members, m, next);
	request_end(&m->request);
	RB_FOREACH(l, lines, &book->lines)
		TAILQ_FOREACH(q, &l->requests, next)
			forget_told(q, m);
	range_owe_no_more(m);
	free(m);
}

/* ---- what a worker says ---- */

static const struct ipc_record_ns *
row_of(const struct ipc_record *r, uint32_t nsid)
{
	for (uint32_t i = 0; i < r->nns; i++)
		if (r->ns[i].nsid == nsid && !r->ns[i].readonly)
			return (&r->ns[i]);
	return (NULL);
}

/* Whether it lies within the namespace as that is now does not matter: beyond it are no writes. */
static bool
range_is_good(const struct ipc_range *m)
{
	uint64_t end;

	return (m->len > 0 && m->len <= RANGE_BYTES &&
	    !__builtin_add_overflow(m->offset, m->len, &end) && end <= INT64_MAX);
}

int
range_lock(struct range_member *m, const struct ipc_range *r)
{
	const struct ipc_record_ns *ns = row_of(m->book->calls.record(m->who), r->nsid);
	struct request *q = &m->request;

	if (m->owes_reset)
		return (0);		/* said to the last broker; it will ask again */
	if (q->state != REQUEST_NONE || ns == NULL || !range_is_good(r))
		return (-1);
	if ((q->line = line_of(m->book, ns->claim)) == NULL)
		return (-1);
	q->state = REQUEST_WAITS;
	q->asked = r->token;
	q->offset = r->offset;
	q->end = r->offset + r->len;
	TAILQ_INSERT_TAIL(&q->line->requests, q, next);
	line_advance(q->line);
	return (0);
}

/* Not before it was granted: the others, who have to hear of each range, would be told of as many as
 * they can read and more. So there is one round trip of theirs between two. */
int
range_unlock(struct range_member *m, uint64_t token)
{
	if (m->owes_reset)
		return (0);
	if (m->request.state != REQUEST_GRANTED || m->request.asked != token)
		return (-1);
	request_end(&m->request);
	return (0);
}

static struct request *
active(struct range_book *book, uint64_t token)
{
	struct line *l;
	struct request *q;

	RB_FOREACH(l, lines, &book->lines)
		TAILQ_FOREACH(q, &l->requests, next)
			if (q->state == REQUEST_HOLDING && q->token == token)
				return (q);
	return (NULL);
}

/* One that is not active ended before this was heard, or was of the last broker. */
int
range_held(struct range_member *m, uint64_t token)
{
	struct request *q = active(m->book, token);
	struct told *t;

	if (q == NULL)
		return (0);
	if ((t = told_find(q, m)) == NULL || t->owes == 0)
		return (-1);
	t->owes--;
	request_grant_if_held(q);
	return (0);
}

int
range_reset_done(struct range_member *m)
{
	if (!m->owes_reset)
		return (-1);
	range_owe_no_more(m);
	return (0);
}

/* ---- time ---- */

static void
request_late(struct request *q)
{
	const struct range_calls *calls = &q->owner->book->calls;
	uint64_t patience_ms = q->owner->book->patience_ms;
	struct told *t;

	if (q->state == REQUEST_GRANTED && q->ms > patience_ms)
		calls->kill(q->owner->who, "it does not give back a range that it had for itself");
	if (q->state != REQUEST_HOLDING || q->ms <= patience_ms)
		return;
	TAILQ_FOREACH(t, &q->told, next)
		if (t->owes > 0 && !t->member->gone)
			calls->kill(t->member->who, "its writes to a range do not end");
}

bool
range_pass(struct range_book *book, uint64_t ms)
{
	struct line *l;
	struct request *q;

	range_reset_pass(book, ms);
	RB_FOREACH(l, lines, &book->lines)
		TAILQ_FOREACH(q, &l->requests, next) {
			q->ms += ms;
			request_late(q);
		}
	return (book->resetting > 0 || !RB_EMPTY(&book->lines));
}

/* ---- the book ---- */

struct range_book *
range_book_new(const struct range_calls *calls, uint64_t patience_ms, uint32_t seed)
{
	struct range_book *book = calloc(1, sizeof(*book));

	if (book == NULL)
		return (NULL);
	book->calls = *calls;
	book->patience_ms = patience_ms;
	book->last_token = (uint64_t)seed << 31;
	TAILQ_INIT(&book->members);
	RB_INIT(&book->lines);
	return (book);
}

void
range_book_free(struct range_book *book)
{
	if (book != NULL)
		assert(TAILQ_EMPTY(&book->members) && RB_EMPTY(&book->lines));
	free(book);
}
