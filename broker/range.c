/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See range.h. Requests of one backend stand in a line. One is begun when it overlaps none before
 * it: all members that may write there, its own worker among them, are told to hold the range, and
 * when all have said that nothing of theirs is under way there, it is granted. So the wait of each
 * is as long as those before it take, and nobody is passed by one that overlaps.
 */
#include "config.h"

#include <sys/queue.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "broker/range.h"

enum request_state { REQUEST_NONE, REQUEST_WAITS, REQUEST_HOLDING, REQUEST_GRANTED };

struct request {
	TAILQ_ENTRY(request) next;	/* in its line */
	struct range_member *owner;
	struct line *line;
	enum request_state state;
	uint64_t asked;			/* the worker's token */
	uint64_t token;			/* ours */
	uint64_t offset, end;		/* bytes */
	uint64_t ms;			/* since it is in this state */
	TAILQ_HEAD(, told) told;
};

/* A member that was told to hold a request's range. */
struct told {
	TAILQ_ENTRY(told) next;
	struct range_member *member;
	unsigned owes;			/* answers */
};

/* All requests of a backend, oldest first. */
struct line {
	TAILQ_ENTRY(line) next;
	uint8_t key[32];
	TAILQ_HEAD(, request) requests;
	unsigned active;
};

struct range_member {
	TAILQ_ENTRY(range_member) next;
	struct range_book *book;
	void *who;
	bool gone;
	bool owes_reset;
	struct request request;		/* one at a time */
};

struct range_book {
	struct range_calls calls;
	uint64_t patience_ms;
	TAILQ_HEAD(, range_member) members;
	TAILQ_HEAD(, line) lines;
	uint64_t last_token;
	uint64_t everything;		/* token of the hold on all there is */
	unsigned resetting;		/* members that owe a reset, and a takeover under way */
	uint64_t resetting_ms;
};

/* ---- saying ---- */

static int
try_say(struct range_member *m, uint32_t type, const void *payload, size_t size)
{
	return (m->gone ? 0 : m->book->calls.say(m->who, type, payload, size));
}

static void
say(struct range_member *m, uint32_t type, const void *payload, size_t size)
{
	if (try_say(m, type, payload, size) == -1)
		m->book->calls.kill(m->who, "it does not read");
}

#define SAY(m, NAME, p)		say((m), IPC_##NAME, (p), sizeof(*(p)))

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

static const struct ipc_record_ns *
next_row(const struct ipc_record *r, uint32_t *at, const uint8_t key[32])
{
	while (*at < r->nns) {
		const struct ipc_record_ns *ns = &r->ns[(*at)++];

		if (!ns->readonly && memcmp(ns->claim, key, sizeof(ns->claim)) == 0 &&
		    !is_again(r, ns))
			return (ns);
	}
	return (NULL);
}

/* For each of its namespaces that is this backend. Returns how many there are, or -1. */
static int
tell_hold(struct range_member *m, const struct request *q, bool answer)
{
	const struct ipc_record *r = m->book->calls.record(m->who);
	const struct ipc_record_ns *ns;
	uint32_t at = 0;
	int n = 0;

	while ((ns = next_row(r, &at, q->line->key)) != NULL) {
		struct ipc_range hold = { .token = q->token, .nsid = ns->nsid,
		    .offset = q->offset, .len = q->end - q->offset, .answer = answer };

		if (try_say(m, IPC_RANGE_HOLD, &hold, sizeof(hold)) == -1)
			return (-1);
		n++;
	}
	return (n);
}

/* ---- requests ---- */

static void	advance(struct line *);

static struct line *
line_of(struct range_book *book, const uint8_t key[32])
{
	struct line *l;

	TAILQ_FOREACH(l, &book->lines, next)
		if (memcmp(l->key, key, sizeof(l->key)) == 0)
			return (l);
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	memcpy(l->key, key, sizeof(l->key));
	TAILQ_INIT(&l->requests);
	TAILQ_INSERT_TAIL(&book->lines, l, next);
	return (l);
}

static struct told *
told_find(const struct request *q, const struct range_member *m)
{
	struct told *t;

	TAILQ_FOREACH(t, &q->told, next)
		if (t->member == m)
			return (t);
	return (NULL);
}

static struct told *
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
static void
end_request(struct request *q)
{
	struct ipc_range_ref free_it = { .token = q->token };
	struct range_book *book = q->owner->book;
	struct line *line = q->line;
	struct told *t;

	if (q->state == REQUEST_NONE)
		return;
	line->active -= q->state != REQUEST_WAITS;
	q->state = REQUEST_NONE;
	TAILQ_REMOVE(&line->requests, q, next);
	while ((t = TAILQ_FIRST(&q->told)) != NULL) {
		TAILQ_REMOVE(&q->told, t, next);
		SAY(t->member, RANGE_FREE, &free_it);
		free(t);
	}
	if (TAILQ_EMPTY(&line->requests)) {
		TAILQ_REMOVE(&book->lines, line, next);
		free(line);
	} else
		advance(line);
}

static void
grant_if_held(struct request *q)
{
	struct ipc_range_ref m = { .token = q->asked };
	struct told *t;

	TAILQ_FOREACH(t, &q->told, next)
		if (t->owes > 0)
			return;
	q->state = REQUEST_GRANTED;
	q->ms = 0;
	SAY(q->owner, RANGE_GRANT, &m);
}

/* Does it have to hold this one? Writes of a dead one may land until it is drained. */
static bool
tell_to(struct request *q, struct range_member *m)
{
	struct told *t;
	uint32_t at = 0;
	int n;

	if (next_row(m->book->calls.record(m->who), &at, q->line->key) == NULL)
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
	TAILQ_FOREACH(m, &book->members, next)
		all = all && tell_to(q, m);
	if (!all)
		book->calls.kill(q->owner->who, "out of memory");	/* and so it is never granted */
	else
		grant_if_held(q);
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

/* Whatever begins here ends elsewhere: nothing leaves the line meanwhile. */
static void
advance(struct line *line)
{
	struct request *q = TAILQ_FIRST(&line->requests);

	for (unsigned i = 0; q != NULL && i < RANGE_LOOK && line->active < RANGE_ACTIVE; i++) {
		if (q->owner->book->resetting > 0)
			return;
		if (q->state == REQUEST_WAITS && may_begin(q))
			begin(q);
		q = TAILQ_NEXT(q, next);
	}
}

/* ---- a new broker ---- */

/* Nothing that the last broker granted is under way any more. */
static void
reset_step(struct range_book *book)
{
	struct ipc_range_ref all = { .token = 0 };
	struct range_member *m;
	struct line *l;

	assert(book->resetting > 0);
	if (--book->resetting > 0)
		return;
	TAILQ_FOREACH(m, &book->members, next)
		SAY(m, RANGE_FREE, &all);
	TAILQ_FOREACH(l, &book->lines, next)
		advance(l);
}

void
range_takeover_begin(struct range_book *book)
{
	book->resetting++;
	book->resetting_ms = 0;
	book->everything = ++book->last_token;
}

void
range_takeover_end(struct range_book *book)
{
	struct ipc_empty reset = { 0 };
	struct range_member *m;

	TAILQ_FOREACH(m, &book->members, next)
		if (m->owes_reset)
			SAY(m, RANGE_RESET, &reset);
	reset_step(book);
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
	m->owes_reset = old;
	book->resetting += old;
	TAILQ_INSERT_TAIL(&book->members, m, next);
	return (m);
}

/* May somebody who has not answered yet still be writing there for the last broker? */
static bool
is_owed(const struct range_book *book, const uint8_t *key)
{
	const struct range_member *m;
	uint32_t at;

	TAILQ_FOREACH(m, &book->members, next) {
		at = 0;
		if (m->owes_reset && next_row(book->calls.record(m->who), &at, key) != NULL)
			return (true);
	}
	return (false);
}

/* What the last broker granted is not known: all of such a namespace, then; key NULL: of any. */
static int
tell_unknown(struct range_member *m, const uint8_t *key)
{
	const struct ipc_record *r = m->book->calls.record(m->who);

	for (uint32_t i = 0; i < r->nns; i++) {
		const struct ipc_record_ns *ns = &r->ns[i];
		struct ipc_range hold = { .token = m->book->everything, .nsid = ns->nsid,
		    .len = UINT64_MAX };

		if (ns->readonly || (key != NULL && memcmp(key, ns->claim, sizeof(ns->claim)) != 0))
			continue;
		if (is_owed(m->book, ns->claim) &&
		    try_say(m, IPC_RANGE_HOLD, &hold, sizeof(hold)) == -1)
			return (-1);
	}
	return (0);
}

int
range_tell(struct range_member *m, const uint8_t *key)
{
	struct line *l;
	struct request *q;

	if (m->book->resetting > 0 && !m->owes_reset)
		return (tell_unknown(m, key));
	TAILQ_FOREACH(l, &m->book->lines, next) {
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
		end_request(&m->request);
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
		grant_if_held(q);
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
	end_request(&m->request);
	TAILQ_FOREACH(l, &book->lines, next)
		TAILQ_FOREACH(q, &l->requests, next)
			forget_told(q, m);
	if (m->owes_reset)
		reset_step(book);
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
	advance(q->line);
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
	end_request(&m->request);
	return (0);
}

static struct request *
active(struct range_book *book, uint64_t token)
{
	struct line *l;
	struct request *q;

	TAILQ_FOREACH(l, &book->lines, next)
		TAILQ_FOREACH(q, &l->requests, next)
			if (q->state == REQUEST_HOLDING && q->token == token)
				return (q);
	return (NULL);
}

/* One that is not active ended before this was heard. */
int
range_held(struct range_member *m, uint64_t token)
{
	struct request *q = active(m->book, token);
	struct told *t;

	if (q == NULL || m->owes_reset)
		return (0);
	if ((t = told_find(q, m)) == NULL || t->owes == 0)
		return (-1);
	t->owes--;
	grant_if_held(q);
	return (0);
}

int
range_reset_done(struct range_member *m)
{
	if (!m->owes_reset)
		return (-1);
	m->owes_reset = false;
	reset_step(m->book);
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

static void
resets_late(struct range_book *book)
{
	struct range_member *m;

	TAILQ_FOREACH(m, &book->members, next)
		if (m->owes_reset && !m->gone)
			book->calls.kill(m->who, "what it had for itself does not end");
}

bool
range_pass(struct range_book *book, uint64_t ms)
{
	struct line *l;
	struct request *q;

	if (book->resetting > 0 && (book->resetting_ms += ms) > book->patience_ms)
		resets_late(book);
	TAILQ_FOREACH(l, &book->lines, next)
		TAILQ_FOREACH(q, &l->requests, next) {
			q->ms += ms;
			request_late(q);
		}
	return (book->resetting > 0 || !TAILQ_EMPTY(&book->lines));
}

/* ---- the book ---- */

struct range_book *
range_book_new(const struct range_calls *calls, uint64_t patience_ms)
{
	struct range_book *book = calloc(1, sizeof(*book));

	if (book == NULL)
		return (NULL);
	book->calls = *calls;
	book->patience_ms = patience_ms;
	TAILQ_INIT(&book->members);
	TAILQ_INIT(&book->lines);
	return (book);
}

void
range_book_free(struct range_book *book)
{
	if (book != NULL)
		assert(TAILQ_EMPTY(&book->members) && TAILQ_EMPTY(&book->lines));
	free(book);
}
