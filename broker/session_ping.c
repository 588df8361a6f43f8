/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does every worker still live? Each is asked now and then; one that owes an answer for too long
 * hangs, and is killed: its host reconnects. The answer of a controller is also its counters, and
 * they say how soon to ask again: one that works is asked at every look, an idle one is not woken
 * but once in a while. Whoever needs to know at once asks (session_ask).
 */
#include "config.h"

#include "broker/broker.h"

/* The others have deadlines. */
static bool
must_answer(const struct session *s)
{
	return (channel_is_open(&s->ch) &&
	    (s->phase == SESSION_SPARE || s->phase == SESSION_CONTROLLER));
}

static void
ping(struct session *s)
{
	struct ipc_ping m = { .seq = ++s->ping };

	if (s->owes_ms == 0)
		s->owes_ms = loop_now_ms();
	SESSION_SEND(s, PING, &m);
}

void
session_ping_all(struct broker *b)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (must_answer(s))
			ping(s);
}

void
session_ask(struct session *s)
{
	s->asked = true;
	ping(s);
}

void
session_heard(struct session *s)
{
	s->heard_ms = loop_now_ms();
	s->owes_ms = 0;
}

void
session_told(struct session *s, const struct ipc_state *m)
{
	s->busy = m->read_bytes != s->state.read_bytes || m->write_bytes != s->state.write_bytes ||
	    m->reads != s->state.reads || m->writes != s->state.writes;
	s->state = *m;
	session_heard(s);
}

/* Answers come in order: that to the last one says that it still lives. */
void
session_answered(struct session *s, uint32_t seq)
{
	session_heard(s);
	if (!s->asked || seq != s->ping)
		return;
	s->asked = false;
	admission_drained(s->broker);
}

/* We did not run for a while (frozen, stopped, starved), and so perhaps did they not: that is
 * nobody's silence. */
static void
forgive_silence(struct broker *b, uint64_t now_ms)
{
	struct session *s;

	if (now_ms - b->pinged_ms > 2 * PING_TICK_MS)
		RB_FOREACH(s, session_tree, &b->sessions)
			if (s->owes_ms != 0)
				s->owes_ms = now_ms;
	b->pinged_ms = now_ms;
}

static void
look_at(struct session *s, uint64_t now_ms)
{
	if (s->owes_ms != 0) {
		if (now_ms - s->owes_ms > PONG_MS)
			session_kill(s, "it does not answer");
	} else if (s->busy || now_ms - s->heard_ms >= PING_IDLE_MS)
		ping(s);
}

static void
look_due(void *ctx)
{
	struct broker *b = ctx;
	struct session *s;
	uint64_t now_ms = loop_now_ms();

	forgive_silence(b, now_ms);
	RB_FOREACH(s, session_tree, &b->sessions)
		if (must_answer(s))
			look_at(s, now_ms);
	resize_poll(b);		/* as we are awake */
	timer_set(b->pings, PING_TICK_MS);
}

void
session_ping_start(struct broker *b)
{
	b->pings = timer_new(look_due, b);
	b->pinged_ms = loop_now_ms();
	timer_set(b->pings, PING_TICK_MS);
}
