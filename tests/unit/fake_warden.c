/* SPDX-License-Identifier: BSD-2-Clause */
/* See fake_warden.h. */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/child.h"
#include "tests/unit/fake_warden.h"

#define BROKER "broker/cellblock-broker"

/* ---- channels: whatever comes is kept as the last thing that came ---- */

static void
drop(struct fake_got *g)
{
	for (int i = 0; g->any && i < IPC_MAX_FDS; i++)
		if (g->fds[i] != -1)
			close(g->fds[i]);
	g->any = false;
}

static int
keep(struct fake_peer *p, uint32_t type, const void *m, size_t size, int *fds, unsigned nfds)
{
	struct fake_got *g = &p->got;

	drop(g);
	g->type = type;
	memcpy(g->payload, m, size);
	for (unsigned i = 0; i < IPC_MAX_FDS; i++) {
		g->fds[i] = i < nfds ? fds[i] : -1;
		if (i < nfds)
			fds[i] = -1;
	}
	g->any = true;
	return (0);
}

#define KEEP(NAME, fn, type_, states_, times_, nfds_) \
	static int on_##fn(void *ctx, const struct type_ *m, int *fds) \
	{ return (keep(ctx, IPC_##NAME, m, sizeof(*m), fds, (nfds_))); }

IPC_RECEIVER(to_warden, IPC_BROKER_TO_WARDEN)
IPC_BROKER_TO_WARDEN(KEEP)
IPC_RECEIVER(to_listener, IPC_BROKER_TO_LISTENER)
IPC_BROKER_TO_LISTENER(KEEP)
IPC_RECEIVER(to_worker, IPC_BROKER_TO_WORKER)
IPC_BROKER_TO_WORKER(KEEP)
IPC_RECEIVER(to_opener, IPC_BROKER_TO_OPENER)
IPC_BROKER_TO_OPENER(KEEP)

static const struct ipc_table *const tables[ROLE_MAX] = { [ROLE_BROKER] = &to_warden,
    [ROLE_LISTENER] = &to_listener, [ROLE_WORKER] = &to_worker, [ROLE_OPENER] = &to_opener };

static void
attach(struct fake_peer *p, enum role role, int fd)
{
	memset(p, 0, sizeof(*p));
	p->door = -1;
	/* the broker's order of things is judged by the real ends; here everything is heard */
	p->peer = (struct ipc_peer){ .fd = fd, .in = tables[role], .ctx = p, .state = S_ANY };
}

const void *
fake_expect(struct fake_peer *p, uint32_t type)
{
	p->peer.ctx = p;
	for (;;) {
		if (ipc_dispatch_wait(&p->peer, FAKE_WAIT_MS) != 1)
			fail_msg("%s, expected %s of %s", p->peer.why,
			    p->peer.in->rules[type].name, p->peer.in->direction);
		if (p->got.type == type)
			return (p->got.payload);
	}
}

bool
fake_hears_nothing(struct fake_peer *p, uint32_t type)
{
	p->peer.ctx = p;
	while (ipc_dispatch(&p->peer) == 1)
		if (p->got.type == type)
			return (false);
	return (true);
}

bool
fake_is_closed(struct fake_peer *p)
{
	int r;

	p->peer.ctx = p;
	while ((r = ipc_dispatch_wait(&p->peer, FAKE_WAIT_MS)) == 1)
		;
	return (strcmp(p->peer.why, "end of file") == 0);
}

void
fake_close(struct fake_peer *p)
{
	drop(&p->got);
	close(p->peer.fd);
	if (p->door != -1)
		close(p->door);
}

void
fake_say(struct fake_peer *p, uint32_t type, const void *m, size_t size, const int *fd)
{
	assert_int_equal(ipc_send(p->peer.fd, type, m, size, fd, fd != NULL), 0);
}

/* ---- what the broker asks of its warden ---- */

static void
add(struct fake_list *l, uint32_t value)
{
	assert_true(l->n < FAKE_LIST);
	l->value[l->n++] = value;
}

bool
fake_has(const struct fake_list *l, uint32_t value)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->value[i] == value)
			return (true);
	return (false);
}

static int
take_fd(struct fake_got *g)
{
	int fd = g->fds[0];

	g->fds[0] = -1;
	return (fd);
}

static void
hold(struct fake_warden *w, const struct ipc_held *m, int fd)
{
	for (unsigned i = 0; i < w->nheld; i++)
		if (memcmp(&w->held[i].name, m, sizeof(*m)) == 0) {
			close(w->held[i].fd);
			w->held[i].fd = fd;
			return;
		}
	assert_true(w->nheld < FAKE_HELD);
	w->held[w->nheld].name = *m;
	w->held[w->nheld++].fd = fd;
}

static void
drop_held(struct fake_warden *w, const struct ipc_held *m)
{
	for (unsigned i = 0; i < w->nheld; i++) {
		if (memcmp(&w->held[i].name, m, sizeof(*m)) != 0)
			continue;
		close(w->held[i].fd);
		w->held[i] = w->held[--w->nheld];
		return;
	}
	fail_msg("DROP of what is not held");
}

static void
keep_path(struct fake_warden *w, const struct ipc_path_add *m)
{
	assert_true(m->index < 8);
	memcpy(w->path[m->index], m->path, sizeof(m->path));
}

static void
keep_record(struct fake_warden *w, uint32_t child, int fd)
{
	assert_true(child < FAKE_LIST);
	if (w->record[child] != -1)
		close(w->record[child]);
	w->record[child] = fd;
}

static void
obey(struct fake_warden *w)
{
	struct fake_got *g = &w->broker.got;
	const struct ipc_child_ref *ref = (const void *)g->payload;

	if (g->type == IPC_SETTINGS)
		memcpy(&w->settings, g->payload, sizeof(w->settings));
	else if (g->type == IPC_PATH_ADD)
		keep_path(w, (const void *)g->payload);
	else if (g->type == IPC_HOLD)
		hold(w, (const void *)g->payload, take_fd(g));
	else if (g->type == IPC_DROP)
		drop_held(w, (const void *)g->payload);
	else if (g->type == IPC_SPAWN)
		memcpy(&w->spawn[w->nspawn++], g->payload, sizeof(w->spawn[0]));
	else if (g->type == IPC_KILL)
		add(&w->killed, ref->child);
	else if (g->type == IPC_RECORD)
		keep_record(w, ref->child, take_fd(g));
	else if (g->type == IPC_RELEASE)
		add(&w->released, ref->child);
	else if (g->type == IPC_ALIVE)
		memcpy(w->status, g->payload, sizeof(w->status));
	w->ready |= g->type == IPC_BROKER_READY;
	w->drained |= g->type == IPC_DRAINED;
}

void
fake_step(struct fake_warden *w)
{
	if (ipc_dispatch_wait(&w->broker.peer, FAKE_WAIT_MS) != 1)
		fail_msg("broker: %s", w->broker.peer.why);
	obey(w);
}

void
fake_catch_up(struct fake_warden *w)
{
	w->broker.peer.ctx = &w->broker;	/* it may have been copied */
	while (ipc_dispatch(&w->broker.peer) == 1)
		obey(w);
}

const struct fake_held *
fake_find_held(const struct fake_warden *w, uint32_t kind, unsigned nth)
{
	for (unsigned i = 0; i < w->nheld; i++)
		if (w->held[i].name.kind == kind && nth-- == 0)
			return (&w->held[i]);
	return (NULL);
}

/* ---- its life ---- */

void
fake_start(struct fake_warden *w, const char *file)
{
	char *argv[] = { (char *)(uintptr_t)BROKER, (char *)(uintptr_t)"-f",
	    (char *)(uintptr_t)file, NULL };
	struct ipc_empty none = { 0 };
	int fd;

	for (unsigned i = 0; w->last_child == 0 && i < FAKE_LIST; i++)
		w->record[i] = -1;
	fd = child_start(BROKER, argv, ROLE_BROKER, NULL, -1, &w->pid);
	assert_int_not_equal(fd, -1);
	attach(&w->broker, ROLE_BROKER, fd);
	for (unsigned i = 0; i < w->nheld; i++)
		FAKE_SAY_FD(&w->broker, HELD, &w->held[i].name, &w->held[i].fd);
	FAKE_SAY(&w->broker, HELD_END, &none);
}

void
fake_go(struct fake_warden *w)
{
	struct ipc_empty none = { 0 };

	FAKE_UNTIL(w, w->ready);
	FAKE_SAY(&w->broker, GO, &none);
	FAKE_UNTIL(w, w->status[0] != '\0');
}

void
fake_stop(struct fake_warden *w)
{
	fake_close(&w->broker);
	assert_int_equal(child_wait(w->pid), 0);
	for (unsigned i = 0; i < w->nheld; i++)
		close(w->held[i].fd);
	for (unsigned i = 0; i < FAKE_LIST; i++)
		if (w->record[i] != -1)
			close(w->record[i]);
}

void
fake_inherit(struct fake_warden *to, struct fake_warden *from)
{
	memset(to, 0, sizeof(*to));
	memcpy(to->held, from->held, sizeof(to->held));
	to->nheld = from->nheld;
	memcpy(to->record, from->record, sizeof(to->record));
	to->last_child = from->last_child;
	from->nheld = 0;
	for (unsigned i = 0; i < FAKE_LIST; i++)
		from->record[i] = -1;
}

/* ---- processes ---- */

static bool
take_spawn(struct fake_warden *w, enum role role, struct ipc_spawn *out)
{
	for (unsigned i = 0; i < w->nspawn; i++) {
		if (w->spawn[i].role != (uint32_t)role)
			continue;
		*out = w->spawn[i];
		w->nspawn--;
		memmove(&w->spawn[i], &w->spawn[i + 1],
		    (w->nspawn - i) * sizeof(w->spawn[0]));
		return (true);
	}
	return (false);
}

void
fake_spawned(struct fake_warden *w, enum role role, struct fake_peer *p)
{
	struct ipc_spawned told = { .pid = 1 };
	struct ipc_spawn asked;
	int control[2], door[2], ends[2];

	FAKE_UNTIL(w, take_spawn(w, role, &asked));
	assert_int_equal(ipc_pair(control), 0);
	assert_int_equal(ipc_pair(door), 0);
	attach(p, role, control[1]);
	p->child = told.child = ++w->last_child;
	told.ticket = asked.ticket;
	ends[0] = control[0];
	ends[1] = door[0];
	if (role == ROLE_WORKER) {
		p->door = door[1];
		assert_int_equal(IPC_SEND_FDS(w->broker.peer.fd, SPAWNED_WORKER, &told, ends, 2), 0);
	} else {
		close(door[1]);
		assert_int_equal(IPC_SEND_FDS(w->broker.peer.fd, SPAWNED, &told, ends, 1), 0);
	}
	close(control[0]);
	close(door[0]);
}

void
fake_gone(struct fake_warden *w, struct fake_peer *p, int status)
{
	struct ipc_child_gone m = { p->child, status };

	fake_close(p);
	FAKE_SAY(&w->broker, CHILD_GONE, &m);
}

/* The channel is a new pair: the end that the old broker had is gone with it. */
void
fake_child(struct fake_warden *w, enum role role, struct fake_peer *p)
{
	struct ipc_child m = { .child = p->child, .role = role, .pid = 1 };
	int fd[2];

	close(p->peer.fd);
	assert_int_equal(ipc_pair(fd), 0);
	p->peer.fd = fd[1];
	p->peer.seen = 0;
	FAKE_SAY_FD(&w->broker, CHILD, &m, &fd[0]);
	close(fd[0]);
	if (w->record[p->child] != -1)
		FAKE_SAY_FD(&w->broker, CHILD_RECORD, &m, &w->record[p->child]);
}
