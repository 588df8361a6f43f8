/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new broker, which does not know what the last one granted: see range_takeover_begin().
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "broker/range_book.h"

/* Nothing that the last broker granted is under way any more. */
void
range_reset_step(struct range_book *book)
{
	struct ipc_range_ref all = { .token = 0 };
	struct range_member *m;
	struct line *l;

	assert(book->resetting > 0);
	if (--book->resetting > 0)
		return;
	TAILQ_FOREACH(m, &book->members, next)
		RANGE_SAY(m, RANGE_FREE, &all);
	TAILQ_FOREACH(l, &book->lines, next)
		line_advance(l);
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
			RANGE_SAY(m, RANGE_RESET, &reset);
	range_reset_step(book);
}

/* May somebody who has not answered yet still be writing there for the last broker? */
static bool
is_owed(const struct range_book *book, const uint8_t *key)
{
	const struct range_member *m;
	uint32_t at;

	TAILQ_FOREACH(m, &book->members, next) {
		at = 0;
		if (m->owes_reset && range_next_row(book->calls.record(m->who), &at, key) != NULL)
			return (true);
	}
	return (false);
}

int
range_tell_unknown(struct range_member *m, const uint8_t *key)
{
	const struct ipc_record *r = m->book->calls.record(m->who);

	for (uint32_t i = 0; i < r->nns; i++) {
		const struct ipc_record_ns *ns = &r->ns[i];
		struct ipc_range hold = { .token = m->book->everything, .nsid = ns->nsid,
		    .len = UINT64_MAX };

		if (ns->readonly || (key != NULL && memcmp(key, ns->claim, sizeof(ns->claim)) != 0))
			continue;
		if (is_owed(m->book, ns->claim) &&
		    range_try_say(m, IPC_RANGE_HOLD, &hold, sizeof(hold)) == -1)
			return (-1);
	}
	return (0);
}

static void
resets_late(struct range_book *book)
{
	struct range_member *m;

	TAILQ_FOREACH(m, &book->members, next)
		if (m->owes_reset && !m->gone)
			book->calls.kill(m->who, "what it had for itself does not end");
}

void
range_reset_pass(struct range_book *book, uint64_t ms)
{
	if (book->resetting > 0 && (book->resetting_ms += ms) > book->patience_ms)
		resets_late(book);
}
