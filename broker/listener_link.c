/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listener: started, told what to listen on and whom to greet with, believed about who came
 * from where. One that ends is started again; connections wait in the kernel meanwhile.
 */
#include "config.h"

#include <sys/wait.h>

#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "common/addr.h"

IPC_RECEIVER(from_listener, IPC_LISTENER_TO_BROKER)

static void
ask_for_one(void *ctx)
{
	struct broker *b = ctx;

	if (b->listener.child == 0 && b->listener.ticket == 0 && b->phase == BROKER_IN_CHARGE)
		b->listener.ticket = warden_spawn(b, ROLE_LISTENER, NO_PATH);
}

void
listener_init(struct broker *b)
{
	channel_init(&b->listener.ch);
	b->listener.inherited_fd = -1;
	b->listener.respawn = timer_new(ask_for_one, b);
}

static void
listener_closed(void *ctx, const char *why)
{
	struct broker *b = ctx;

	if (!channel_ended(why))
		log_errx("listener broke a rule: %s; report this as a bug", why);
	if (b->listener.child != 0)
		warden_kill(b, b->listener.child);
}

/* A listener that does not read is a listener that does not listen. */
static void
say(struct broker *b, uint32_t type, const void *p, size_t size, const int *fd)
{
	struct listener_link *l = &b->listener;

	if (!channel_is_open(&l->ch) || l->ch.peer.state == S_NEW)
		return;
	if (ipc_send(l->ch.peer.fd, type, p, size, fd, fd != NULL) == -1) {
		channel_close(&l->ch);
		listener_closed(b, "end of file");
	}
}

#define SAY(b, NAME, p)		say((b), IPC_##NAME, (p), sizeof(*(p)), NULL)
#define SAY_FD(b, NAME, p, f)	say((b), IPC_##NAME, (p), sizeof(*(p)), (f))

/* All that it needs, from the beginning: what an older broker said is void. */
static void
instruct(struct broker *b)
{
	struct ipc_greet_limits limits = { .greetings = b->config->limits.greetings,
	    .per_source = b->config->limits.greetings_per_source };

	listener_unlisten(b);
	SAY(b, GREET_LIMITS, &limits);
	for (uint32_t i = 0; i < b->nlistening; i++) {
		struct ipc_listen m = { .index = i };

		SAY_FD(b, LISTEN, &m, &b->listening[i].held->fd);
	}
}

void
listener_unlisten(struct broker *b)
{
	struct ipc_empty m = { 0 };

	SAY(b, UNLISTEN, &m);
}

/* READY may or may not have been read by the broker before us. */
void
listener_start(struct broker *b)
{
	struct listener_link *l = &b->listener;

	if (l->child == 0) {
		ask_for_one(b);
		return;
	}
	if (channel_open(&l->ch, l->inherited_fd, &from_listener, S_NEW | S_UP, b,
	    listener_closed) == -1)
		warden_kill(b, l->child);
	l->inherited_fd = -1;
	instruct(b);
}

void
listener_adopt(struct broker *b, uint32_t child, int fd)
{
	struct listener_link *l = &b->listener;

	if (l->child != 0) {	/* there is only one */
		close(fd);
		warden_kill(b, child);
		return;
	}
	l->child = child;
	l->inherited_fd = fd;
}

bool
listener_spawned(struct broker *b, const struct ipc_spawned *m, int fd)
{
	struct listener_link *l = &b->listener;

	if (l->ticket == 0 || m->ticket != l->ticket)
		return (false);
	l->ticket = 0;
	l->child = m->child;
	if (channel_open(&l->ch, fd, &from_listener, S_NEW, b, listener_closed) == -1)
		warden_kill(b, m->child);
	return (true);
}

bool
listener_spawn_failed(struct broker *b, const struct ipc_spawn_failed *m)
{
	struct listener_link *l = &b->listener;

	if (l->ticket == 0 || m->ticket != l->ticket)
		return (false);
	l->ticket = 0;
	log_errx("the listener cannot be started: %s", strerror((int)m->error));
	timer_set(l->respawn, RESPAWN_MS);
	return (true);
}

/* The doors of its spares are closed with it, so they leave; new ones come with the new one. */
bool
listener_gone(struct broker *b, uint32_t child, int status)
{
	struct listener_link *l = &b->listener;

	if (l->child == 0 || child != l->child)
		return (false);
	channel_drain(&l->ch);
	channel_close(&l->ch);
	if (l->inherited_fd != -1)
		close(l->inherited_fd);
	l->inherited_fd = -1;
	l->child = 0;
	if (b->phase != BROKER_IN_CHARGE)
		return (true);
	if (WIFSIGNALED(status))
		log_errx("the listener died of signal %d (%s); it is started again",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_errx("the listener ended with status %d; it is started again",
		    WEXITSTATUS(status));
	timer_set(l->respawn, RESPAWN_MS);
	return (true);
}

void
listener_drain(struct broker *b)
{
	channel_drain(&b->listener.ch);
}

void
listener_offer(struct broker *b, struct session *s)
{
	struct ipc_slot m = { .slot = s->child };

	if (s->door == -1)
		return;
	SAY_FD(b, SPARE, &m, &s->door);
	close(s->door);	/* without a listener it leaves, and another is started in its time */
	s->door = -1;
}

void
listener_greeted(struct session *s)
{
	struct ipc_slot m = { .slot = s->child, .outcome = s->outcome };

	if (!s->counted)
		return;
	s->counted = false;
	SAY(s->broker, GREETED, &m);
}

/* ---- what it says ---- */

static int
on_listener_ready(void *ctx, const struct ipc_ready *m, int *fds)
{
	struct broker *b = ctx;

	(void)m;
	(void)fds;
	b->listener.ch.peer.state = S_UP;
	instruct(b);
	spare_refill(b);
	return (0);
}

/* A slot that is no spare: one that was killed meanwhile, or of the broker before us. */
static int
on_greeting(void *ctx, const struct ipc_greeting *m, int *fds)
{
	struct broker *b = ctx;
	struct session *s = session_find(b, m->slot);

	(void)fds;
	if (!addr_ok(&m->peer, false) || !addr_ok(&m->local, false))
		return (-1);
	if (s == NULL || s->gone || s->killed || (s->phase != SESSION_SPARE && s->phase != SESSION_STARTING)) {
		struct ipc_slot over = { .slot = m->slot, .outcome = GREET_REFUSED };

		SAY(b, GREETED, &over);
		return (0);
	}
	session_greeting(s, m);
	spare_refill(b);
	return (0);
}

static int
on_listener_log(void *ctx, const struct ipc_log *m, int *fds)
{
	(void)fds;
	logline_listener(ctx, m);
	return (0);
}
