/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The children: numbers that are never used twice, uids that are used again only when the process
 * is reaped and the broker has said that its writes have drained, and the ends that a new broker
 * gets. A dead worker stays in the list until then, so that no broker's death forgets it.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

struct child *
child_add(struct warden *w, uint32_t role)
{
	struct child *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return (NULL);
	c->number = ++w->last_child;
	c->role = role;
	c->control = c->record = -1;
	LIST_INSERT_HEAD(&w->children, c, entry);
	return (c);
}

struct child *
child_find(struct warden *w, uint32_t number)
{
	struct child *c;

	LIST_FOREACH(c, &w->children, entry)
		if (c->number == number)
			return (c);
	return (NULL);
}

void
child_remove(struct child *c)
{
	LIST_REMOVE(c, entry);
	if (c->control != -1)
		close(c->control);
	if (c->record != -1)
		close(c->record);
	free(c);
}

unsigned
child_count(struct warden *w, uint32_t role)
{
	struct child *c;
	unsigned n = 0;

	LIST_FOREACH(c, &w->children, entry)
		n += c->role == role;
	return (n);
}

static bool
uid_is_taken(struct warden *w, uint32_t uid)
{
	struct child *c;

	LIST_FOREACH(c, &w->children, entry)
		if (c->role == ROLE_WORKER && c->uid == uid)
			return (true);
	return (false);
}

/* Goes round, so that a uid rests as long as possible. */
int
child_take_uid(struct warden *w, const struct settings *s, uint32_t *uid)
{
	uint32_t n = s->uid_count - WARDEN_UIDS_SYSTEM;
	uint32_t first = s->uid_base + WARDEN_UIDS_SYSTEM;

	for (uint32_t i = 1; i <= n; i++) {
		uint32_t k = (uint32_t)(((uint64_t)w->last_uid + i) % n);

		if (!uid_is_taken(w, first + k)) {
			w->last_uid = k;
			*uid = first + k;
			return (0);
		}
	}
	errno = EAGAIN;
	return (-1);
}

static void
kill_child(const struct child *c)
{
	if (c->pid != 0 && kill(c->pid, SIGKILL) == -1)
		log_warn("kill %d", (int)c->pid);
}

void
child_kill_openers(struct warden *w, uint32_t owner)
{
	struct child *c;

	LIST_FOREACH(c, &w->children, entry)
		if (c->role == ROLE_OPENER && c->owner == owner)
			kill_child(c);
}

void
child_kill_all(struct warden *w)
{
	struct child *c;

	LIST_FOREACH(c, &w->children, entry)
		kill_child(c);
}

/* Who hears that an opener is gone: the broker that asked for it. Of others: who is in charge. */
static struct broker *
concerned(struct warden *w, const struct child *c)
{
	if (c->role == ROLE_OPENER && w->next != NULL && w->next->number == c->owner)
		return (w->next);
	return (w->current);
}

/* A broker has its end now. Ours would keep what lies unread in it, descriptors among that: of a
 * namespace, which would never drain. */
static void
forget_last_words(struct warden *w, struct child *c)
{
	if (c->control != -1)
		dup3(w->dead_end, c->control, O_CLOEXEC);
}

static void
tell_gone(struct broker *b, const struct child *c)
{
	struct ipc_child_gone gone = { c->number, c->status };

	BROKER_SEND(b, CHILD_GONE, &gone);
}

static void
reaped(struct warden *w, struct child *c, int status)
{
	struct broker *b = concerned(w, c);

	c->pid = 0;
	c->status = status;
	if (b != NULL && b->phase == BROKER_IN_CHARGE) {
		tell_gone(b, c);
		forget_last_words(w, c);
	} else if (b != NULL && c->role == ROLE_OPENER && c->owner == b->number)
		tell_gone(b, c);
	if (c->role != ROLE_WORKER)
		child_remove(c);
}

static void
reaped_pid(struct warden *w, pid_t pid, int status)
{
	struct child *c;

	LIST_FOREACH(c, &w->children, entry)
		if (c->pid == pid)
			break;
	if (c == NULL)
		return;		/* not ours: pid 1 of a container inherits them */
	if (c->role != ROLE_BROKER) {
		reaped(w, c, status);
		return;
	}
	child_remove(c);
	if (w->next != NULL && w->next->pid == pid)
		broker_reaped(w->next, status);
	else if (w->current != NULL && w->current->pid == pid)
		broker_reaped(w->current, status);
}

void
child_reap(struct warden *w)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped_pid(w, pid, status);
}

static void
tell_one(struct broker *b, struct child *c)
{
	struct ipc_child m = { .child = c->number, .role = c->role, .pid = (uint32_t)c->pid,
	    .uid = c->uid };

	BROKER_SEND_FDS(b, CHILD, &m, &c->control, 1);
	if (c->record != -1)
		BROKER_SEND_FDS(b, CHILD_RECORD, &m, &c->record, 1);
	if (c->pid == 0) {
		tell_gone(b, c);
		forget_last_words(b->warden, c);
	}
}

/* Listener and workers, dead ones that are not released among them. */
void
child_tell_all(struct warden *w, struct broker *b)
{
	struct child *c;

	LIST_FOREACH(c, &w->children, entry)
		if (c->role == ROLE_LISTENER || c->role == ROLE_WORKER)
			tell_one(b, c);
}
