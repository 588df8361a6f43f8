/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions as members of the book of ranges (range.h): what workers say goes in, what they are told
 * comes out, and time passes there only while somebody waits.
 */
#include "config.h"

#include <errno.h>

#include <sodium.h>

#include "broker/broker.h"
#include "broker/range.h"

/* ---- what the book wants ---- */

static int
say(void *who, uint32_t type, const void *payload, size_t size)
{
	struct session *s = who;

	if (!channel_is_open(&s->ch) ||
	    ipc_send(s->ch.peer.fd, type, payload, size, NULL, 0) == 0)
		return (0);
	return (errno == EPIPE || errno == ECONNRESET ? 0 : -1);
}

static void
kill_it(void *who, const char *why)
{
	session_kill(who, why);
}

static const struct ipc_record *
record_of(void *who)
{
	return (((const struct session *)who)->record);
}

/* ---- time ---- */

/* Time in which we did not run (frozen, stopped) is nobody's silence. */
static void
tick(void *ctx)
{
	struct broker *b = ctx;
	uint64_t now_ms = loop_now_ms(), ms = now_ms - b->range_ms;

	b->range_ms = now_ms;
	if (range_pass(b->ranges, ms < 2 * RANGE_TICK_MS ? ms : 2 * RANGE_TICK_MS))
		timer_set(b->range_timer, RANGE_TICK_MS);
	else
		b->range_ms = 0;
}

static void
watch(struct broker *b)
{
	if (b->range_ms != 0)
		return;
	b->range_ms = loop_now_ms();
	timer_set(b->range_timer, RANGE_TICK_MS);
}

/* ---- members ---- */

void
session_range_init(struct broker *b)
{
	static const struct range_calls calls = { say, kill_it, record_of };

	if ((b->ranges = range_book_new(&calls, b->config->limits.change_timeout_ms,
	    randombytes_random())) == NULL)
		broker_fatal("out of memory");
	b->range_timer = timer_new(tick, b);
	range_takeover_begin(b->ranges);
}

static bool
writes_anything(const struct session *s)
{
	for (uint32_t i = 0; i < s->record->nns; i++)
		if (!s->record->ns[i].readonly)
			return (true);
	return (false);
}

void
session_range_takeover(struct session *s)
{
	if (writes_anything(s) && (s->range = range_join(s->broker->ranges, s, true)) == NULL)
		broker_fatal("out of memory");	/* the next broker hears of this worker again */
}

void
session_range_in_charge(struct broker *b)
{
	range_takeover_end(b->ranges);
	watch(b);
}

int
session_range_admit(struct session *s)
{
	if (s->range == NULL && !writes_anything(s))
		return (0);
	if (s->range == NULL && (s->range = range_join(s->broker->ranges, s, false)) == NULL)
		return (-1);
	return (range_tell(s->range, NULL));
}

int
session_range_ns(struct session *s, const uint8_t key[HELD_KEY_SIZE])
{
	if (s->range == NULL && (s->range = range_join(s->broker->ranges, s, false)) == NULL)
		return (-1);
	return (range_tell(s->range, key));
}

void
session_range_gone(struct session *s)
{
	range_gone(s->range);
}

void
session_range_drained(struct session *s)
{
	range_drained(s->range);
	s->range = NULL;
}

/* ---- what a worker says ---- */

int
session_range_lock(struct session *s, const struct ipc_range *m)
{
	watch(s->broker);
	return (s->range == NULL ? -1 : range_lock(s->range, m));
}

int
session_range_unlock(struct session *s, const struct ipc_range_ref *m)
{
	return (s->range == NULL ? -1 : range_unlock(s->range, m->token));
}

int
session_range_held(struct session *s, const struct ipc_range_ref *m)
{
	return (s->range == NULL ? -1 : range_held(s->range, m->token));
}

int
session_range_reset_done(struct session *s)
{
	return (s->range == NULL ? -1 : range_reset_done(s->range));
}
