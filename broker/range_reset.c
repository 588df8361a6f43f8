/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new broker does not know what the last one granted: see range_takeover_begin(). Each backend that
 * a member of the last one may write is owed by it, and whatever others can know of its ranges is
 * theirs to keep out of, until all that owe it have answered or are drained. No backend waits for
 * one that only others write.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "broker/range_book.h"

/* ---- what is owed ---- */

int
range_owe(struct range_member *m)
{
	const struct ipc_record *r = m->book->calls.record(m->who);
	struct line *l;

	m->owes_reset = true;
	m->book->resetting++;
	if ((m->owed = calloc(r->nns + 1, sizeof(struct line *))) == NULL)
		return (-1);
	for (uint32_t i = 0; i < r->nns; i++) {
		if (r->ns[i].readonly)
			continue;
		if ((l = line_of(m->book, r->ns[i].claim)) == NULL)
			return (-1);
		l->owed++;
		m->owed[m->nowed++] = l;
	}
	return (0);
}

static bool
owes(const struct range_member *m, const struct line *l)
{
	for (uint32_t i = 0; i < m->nowed; i++)
		if (m->owed[i] == l)
			return (true);
	return (false);
}

/* ---- what is not owed any more ---- */

static void
say_free(struct range_member *m, uint32_t nsid)
{
	struct ipc_range_ref unknown = { .nsid = nsid };

	RANGE_SAY(m, RANGE_FREE, &unknown);
}

static void
line_clear(struct line *l)
{
	const struct ipc_record_ns *ns;
	struct range_member *m;
	uint32_t at;

	TAILQ_FOREACH(m, &l->book->members, next) {
		at = 0;
		while ((ns = range_next_row(l->book->calls.record(m->who), &at, l->key)) != NULL)
			say_free(m, ns->nsid);
	}
}

/* Nobody owes anything. Frees also what had been told of namespaces that are gone since. */
static bool
all_clear(struct range_book *book)
{
	struct range_member *m;

	if (book->taking_over || book->resetting > 0)
		return (false);
	TAILQ_FOREACH(m, &book->members, next)
		say_free(m, UINT32_MAX);
	return (true);
}

void
range_owe_no_more(struct range_member *m)
{
	struct range_book *book = m->book;
	bool all;

	if (!m->owes_reset)
		return;
	m->owes_reset = false;
	book->resetting--;
	all = all_clear(book);
	for (uint32_t i = 0; i < m->nowed; i++) {
		struct line *l = m->owed[i];

		l->owed--;
		if (l->owed == 0 && !all && !book->taking_over)
			line_clear(l);
		line_advance(l);
		line_release(l);
	}
	free(m->owed);
	m->owed = NULL;
	m->nowed = 0;
}

/* ---- taking over ---- */

void
range_takeover_begin(struct range_book *book)
{
	book->taking_over = true;
	book->resetting_ms = 0;
}

/* Who came meanwhile was told that nothing is known of any. */
static void
free_what_is_not_owed(struct range_member *m)
{
	const struct ipc_record *r = m->book->calls.record(m->who);

	for (uint32_t i = 0; i < r->nns; i++) {
		const struct line *l = line_find(m->book, r->ns[i].claim);

		if (!r->ns[i].readonly && (l == NULL || l->owed == 0))
			say_free(m, r->ns[i].nsid);
	}
}

void
range_takeover_end(struct range_book *book)
{
	struct ipc_empty reset = { 0 };
	struct range_member *m;
	struct line *l;

	book->taking_over = false;
	TAILQ_FOREACH(m, &book->members, next) {
		if (m->owes_reset)
			RANGE_SAY(m, RANGE_RESET, &reset);
		else if (book->resetting > 0)
			free_what_is_not_owed(m);
	}
	all_clear(book);
	RB_FOREACH(l, lines, &book->lines)
		line_advance(l);
}

/* What it may write already it has known from the last broker. */
int
range_tell_unknown(struct range_member *m, const uint8_t *key)
{
	const struct ipc_record *r = m->book->calls.record(m->who);

	for (uint32_t i = 0; i < r->nns; i++) {
		const struct ipc_record_ns *ns = &r->ns[i];
		const struct line *l = line_find(m->book, ns->claim);
		struct ipc_range hold = { .nsid = ns->nsid, .len = UINT64_MAX };

		if (ns->readonly || (key != NULL && memcmp(key, ns->claim, sizeof(ns->claim)) != 0))
			continue;
		if (!m->book->taking_over && (l == NULL || l->owed == 0))
			continue;
		if (!(l != NULL && owes(m, l)) &&
		    range_try_say(m, IPC_RANGE_HOLD, &hold, sizeof(hold)) == -1)
			return (-1);
	}
	return (0);
}

/* ---- time ---- */

void
range_reset_pass(struct range_book *book, uint64_t ms)
{
	struct range_member *m;

	if (book->resetting == 0 || (book->resetting_ms += ms) <= book->patience_ms)
		return;
	TAILQ_FOREACH(m, &book->members, next)
		if (m->owes_reset && !m->gone)
			book->calls.kill(m->who, "what it had for itself does not end");
}
