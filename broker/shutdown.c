/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of the service: nobody new is let in, every worker finishes its commands, flushes and
 * leaves. When the last one has, or the time is over, the warden is told and does the rest.
 */
#include "config.h"

#include "broker/broker.h"

static void
time_over(void *ctx)
{
	struct broker *b = ctx;
	struct session *s;
	unsigned n = 0;

	RB_FOREACH(s, session_tree, &b->sessions)
		n++;
	log_warnx("%u workers have not finished in time; raise limits: shutdown-timeout", n);
	b->drained = true;
	warden_drained(b);
}

void
shutdown_begin(struct broker *b)
{
	struct ipc_empty m = { 0 };
	struct session *s;

	if (b->phase == BROKER_LEAVING)
		return;
	log_info("stopping");
	b->phase = BROKER_LEAVING;
	listener_unlisten(b);
	b->shutdown = timer_new(time_over, b);
	timer_set(b->shutdown, b->config->limits.shutdown_timeout_ms);
	RB_FOREACH(s, session_tree, &b->sessions) {
		if (s->phase == SESSION_STARTING)
			session_kill(s, NULL);	/* it has nothing to finish */
		else
			SESSION_SEND(s, LEAVE, &m);
	}
	shutdown_check(b);
}

void
shutdown_check(struct broker *b)
{
	if (b->phase != BROKER_LEAVING || !RB_EMPTY(&b->sessions) || b->drained)
		return;
	b->drained = true;
	timer_stop(b->shutdown);
	warden_drained(b);
}
