/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a broker may ask of the warden: a row of the table each, and a refusal (-1) costs that
 * broker its life and nobody else anything. A broker names a child, a path or a key that it was
 * given or gave; a race with a child's end is nobody's fault and is ignored.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

IPC_RECEIVER(from_broker, IPC_BROKER_TO_WARDEN)

const struct ipc_table *const broker_messages = &from_broker;

static int
refuse(struct broker *b, const char *why)
{
	size_t n = strlen(why) + 1;

	if (n > sizeof(b->peer.why))
		n = sizeof(b->peer.why);
	memcpy(b->peer.why, why, n);
	b->peer.why[n - 1] = '\0';
	return (-1);
}

static bool
is_in_force(const struct broker *b)
{
	return (b->phase == BROKER_IN_CHARGE || b->phase == BROKER_LEAVING);
}

static int
on_settings(void *ctx, const struct ipc_settings *m, int *fds)
{
	struct broker *b = ctx;
	uint32_t last;

	(void)fds;
	if (b->warden->powers.change_ids && (m->uid_base < 65536 ||
	    m->uid_count <= WARDEN_UIDS_SYSTEM ||
	    __builtin_add_overflow(m->uid_base, m->uid_count, &last)))
		return (refuse(b, "uids: below 65536, fewer than 17, or beyond 32 bits"));
	b->settings = (struct settings){ m->uid_base, m->uid_count, m->require != 0 };
	return (0);
}

static int
on_path_add(void *ctx, const struct ipc_path_add *m, int *fds)
{
	struct broker *b = ctx;
	char **paths;

	(void)fds;
	if (b->phase != BROKER_STARTING)
		return (refuse(b, "PATH_ADD: after BROKER_READY"));
	if (m->index >= WARDEN_PATHS_MAX || !ipc_text_ok(m->path, sizeof(m->path)) ||
	    m->path[0] != '/')
		return (refuse(b, "PATH_ADD: not an absolute path, or too many"));
	if (m->index >= b->npaths) {
		paths = reallocarray(b->paths, m->index + 1, sizeof(*paths));
		if (paths == NULL)
			return (refuse(b, strerror(errno)));
		memset(paths + b->npaths, 0, (m->index + 1 - b->npaths) * sizeof(*paths));
		b->paths = paths;
		b->npaths = m->index + 1;
	}
	if (b->paths[m->index] != NULL)
		return (refuse(b, "PATH_ADD: an index twice"));
	if ((b->paths[m->index] = strdup(m->path)) == NULL)
		return (refuse(b, strerror(errno)));
	return (0);
}

static int
on_hold(void *ctx, const struct ipc_held *m, int *fds)
{
	struct broker *b = ctx;
	struct broker *next = b->warden->next;

	if (m->kind >= HOLD_SYSTEMD)
		return (refuse(b, "HOLD: a kind that is not a broker's"));
	if (is_in_force(b) && next != NULL)
		BROKER_SEND_FDS(next, HELD, m, fds, 1);
	if (hold_add(b->warden, is_in_force(b) ? 0 : b->number, m, fds[0]) == -1) {
		fds[0] = -1;
		return (refuse(b, "HOLD: too many"));
	}
	fds[0] = -1;
	return (0);
}

static int
on_drop(void *ctx, const struct ipc_held *m, int *fds)
{
	struct broker *b = ctx;

	(void)fds;
	if (m->kind >= HOLD_SYSTEMD)
		return (refuse(b, "DROP: a kind that is not a broker's"));
	/* one that is not held: its predecessor dropped it after having told of it */
	if (hold_drop(b->warden, m) == -1)
		log_debug("broker %u drops what is not held", b->number);
	return (0);
}

/* Is there room for one more of that role? */
static int
may_spawn(struct broker *b, const struct ipc_spawn *m)
{
	static const unsigned most[ROLE_MAX] = { [ROLE_LISTENER] = WARDEN_LISTENERS_MAX,
	    [ROLE_WORKER] = WARDEN_WORKERS_MAX, [ROLE_OPENER] = WARDEN_OPENERS_MAX };

	return (child_count(b->warden, m->role) < most[m->role] ? 0 : EAGAIN);
}

static void
spawn(struct broker *b, const struct ipc_spawn *m)
{
	struct spawn_request r = { .role = m->role, .asker = b, .programs = &b->programs,
	    .path = m->path == UINT32_MAX ? NULL : b->paths[m->path] };
	struct ipc_spawned told = { .ticket = m->ticket };
	struct ipc_spawn_failed failed = { m->ticket, (uint32_t)may_spawn(b, m) };
	struct child *c = NULL;
	int ends[2];

	if (failed.error == 0 && (c = spawn_child(b->warden, &r, ends)) == NULL)
		failed.error = (uint32_t)errno;
	if (c == NULL) {
		BROKER_SEND(b, SPAWN_FAILED, &failed);
		return;
	}
	told.child = c->number;
	told.pid = (uint32_t)c->pid;
	told.uid = c->uid;
	if (m->role == ROLE_WORKER)
		BROKER_SEND_FDS(b, SPAWNED_WORKER, &told, ends, 2);
	else
		BROKER_SEND_FDS(b, SPAWNED, &told, ends, 1);
	close(ends[0]);
	if (m->role == ROLE_WORKER)
		close(ends[1]);
}

static int
on_spawn(void *ctx, const struct ipc_spawn *m, int *fds)
{
	struct broker *b = ctx;

	(void)fds;
	if (m->role != ROLE_LISTENER && m->role != ROLE_WORKER && m->role != ROLE_OPENER)
		return (refuse(b, "SPAWN: not a role to ask for"));
	if (b->phase != BROKER_IN_CHARGE && b->phase != BROKER_LEAVING && m->role != ROLE_OPENER)
		return (refuse(b, "SPAWN: openers only, before GO"));
	if (m->path != UINT32_MAX && (m->role != ROLE_OPENER || m->path >= b->npaths ||
	    b->paths[m->path] == NULL))
		return (refuse(b, "SPAWN: no such path"));
	if (b->phase == BROKER_LEAVING || b->pid == 0 || b->warden->killed_ms != 0)
		return (0);	/* nobody would hear the answer */
	spawn(b, m);
	return (0);
}

static int
on_kill(void *ctx, const struct ipc_child_ref *m, int *fds)
{
	struct broker *b = ctx;
	struct child *c = child_find(b->warden, m->child);

	(void)fds;
	if (c == NULL)
		return (0);
	if (c->role == ROLE_BROKER || (!is_in_force(b) && c->owner != b->number))
		return (refuse(b, "KILL: not its child"));
	if (c->pid != 0)
		kill(c->pid, SIGKILL);
	return (0);
}

static int
on_record(void *ctx, const struct ipc_child_ref *m, int *fds)
{
	struct broker *b = ctx;
	struct child *c = child_find(b->warden, m->child);

	if (c == NULL)
		return (0);
	if (c->role != ROLE_WORKER)
		return (refuse(b, "RECORD: not a worker"));
	if (c->record != -1)
		close(c->record);
	c->record = fds[0];
	fds[0] = -1;
	return (0);
}

static int
on_release(void *ctx, const struct ipc_child_ref *m, int *fds)
{
	struct broker *b = ctx;
	struct child *c = child_find(b->warden, m->child);

	(void)fds;
	if (c == NULL || c->role != ROLE_WORKER || c->pid != 0)
		return (refuse(b, "RELEASE: not a dead worker"));
	child_remove(c);
	return (0);
}

static int
on_broker_ready(void *ctx, const struct ipc_empty *m, int *fds)
{
	(void)m;
	(void)fds;
	broker_is_ready(ctx);
	return (0);
}

static int
on_alive(void *ctx, const struct ipc_status *m, int *fds)
{
	struct broker *b = ctx;

	(void)fds;
	if (!ipc_text_ok(m->text, sizeof(m->text)))
		return (refuse(b, "ALIVE: text without end"));
	b->heard_ms = warden_now_ms();
	notify_status(m->text);
	notify_watchdog();
	return (0);
}

static int
on_drained(void *ctx, const struct ipc_empty *m, int *fds)
{
	struct broker *b = ctx;

	(void)m;
	(void)fds;
	if (!b->warden->stopping)
		return (refuse(b, "DRAINED: nobody asked"));
	warden_finish(b->warden, 0);
	return (0);
}
