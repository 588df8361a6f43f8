/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers that are ready before anybody connects: so many as the configuration says, started
 * again as soon as one has a connection. A spawn that fails is tried again later, never at once.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"

static unsigned
count(struct broker *b)
{
	struct session *s;
	unsigned n = b->spawning;

	RB_FOREACH(s, session_tree, &b->sessions)
		n += !s->gone && !s->inherited && channel_is_open(&s->ch) &&
		    (s->phase == SESSION_STARTING || s->phase == SESSION_SPARE);
	return (n);
}

/* Only with a listener: a spare without one would leave at once. */
void
spare_refill(struct broker *b)
{
	struct listener_link *l = &b->listener;

	if (b->phase != BROKER_IN_CHARGE || !channel_is_open(&l->ch) ||
	    l->ch.peer.state == S_NEW)
		return;
	for (unsigned n = count(b); n < b->config->service.spares; n++) {
		b->spawning++;
		warden_spawn(b, ROLE_WORKER, NO_PATH);
	}
}

static void
say_hello(struct session *s)
{
	const struct config *c = s->broker->config;
	struct ipc_hello m = {
		.memory = c->limits.memory,
		.max_h2c_data = (uint32_t)c->transport.max_h2c_data,
		.icd = (uint32_t)c->transport.in_capsule_data,
		.max_transfer = (uint32_t)c->transport.max_transfer,
		.greeting_timeout_ms = c->limits.greeting_timeout_ms,
		.transfer_timeout_ms = c->limits.transfer_timeout_ms,
		.keep_alive_max_ms = c->limits.keep_alive_ms,
		.shutdown_timeout_ms = c->limits.shutdown_timeout_ms,
		.change_timeout_ms = c->limits.change_timeout_ms,
		.engine_threads = c->service.engine_threads,
		.queue_size = c->limits.queue_size,
		.busy_poll_us = c->service.busy_poll_us,
		.queues = (uint16_t)c->limits.queues,
		.r2t_size = (uint32_t)c->transport.r2t_size,
		.c2h_data_max = (uint32_t)c->transport.c2h_data_max,
		.hdgst = c->transport.header_digest != CONFIG_DIGEST_FORBID,
		.ddgst = c->transport.data_digest != CONFIG_DIGEST_FORBID,
		.noflow = c->transport.flow_control_off,
		.engine = (uint8_t)c->service.engine,
		.lanes = (uint8_t)config_lanes(c),
		.cpda = (uint8_t)c->transport.cpda,
	};

	SESSION_SEND(s, HELLO, &m);
}

void
spare_spawned(struct broker *b, const struct ipc_spawned *m, int control, int door)
{
	struct session *s = session_new(b, m);

	if (b->spawning > 0)
		b->spawning--;
	if (s == NULL) {
		close(control);
		close(door);
		warden_kill(b, m->child);
		return;
	}
	s->door = door;
	timer_set(s->deadline, WORKER_START_MS);
	if (session_attach(s, control, S_NEW) == -1 || b->phase != BROKER_IN_CHARGE)
		session_kill(s, NULL);
	else
		say_hello(s);
}

/* One that cannot even start will not do so a moment later: the pause grows until one can. */
static void
pause_a_while(struct broker *b)
{
	if (b->spare_pause_ms < RESPAWN_MS)
		b->spare_pause_ms = RESPAWN_MS;
	timer_set(b->spares_again, b->spare_pause_ms);
}

static void
pause_longer(struct broker *b)
{
	pause_a_while(b);
	b->spare_pause_ms = b->spare_pause_ms * 2 < RESPAWN_MAX_MS ? b->spare_pause_ms * 2 :
	    RESPAWN_MAX_MS;
}

void
spare_lost(struct session *s)
{
	if (s->inherited || s->phase == SESSION_SPARE)
		pause_a_while(s->broker);
	else
		pause_longer(s->broker);
}

void
spare_is_ready(struct session *s)
{
	s->broker->spare_pause_ms = 0;
	listener_offer(s->broker, s);
}

void
spare_spawn_failed(struct broker *b, const struct ipc_spawn_failed *m)
{
	if (b->spawning > 0)
		b->spawning--;
	if (m->error == EAGAIN)
		log_warnx("no worker can be started: every uid of the range is taken; widen "
		    "service: uid-range");
	else
		log_warnx("no worker can be started: %s", strerror((int)m->error));
	pause_longer(b);
}
