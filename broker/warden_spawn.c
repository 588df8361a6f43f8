/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a role to a jailed process: its ids, its channel, its first words (which lie in the channel
 * before the process exists and before any broker has the other end), then fork and exec. What a
 * child may be is decided here and by the settings that a broker declared once, nowhere else.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

#define TITLE_ROOM 1024		/* bytes of environment for setproctitle to write over */

#ifndef CHILD_STDERR
#define CHILD_STDERR 0		/* 1: everybody has one (sanitizer builds) */
#endif

/* ---- once, at start ---- */

/* A directory that has no name any more: nothing can be created in it, by anybody. */
static int
make_empty_root(void)
{
	static const char *const places[] = { "/run", "/tmp", "/var/tmp", "/dev/shm" };
	char path[64];
	int fd;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/cellblock.XXXXXX", places[i]);
		if (mkdtemp(path) == NULL)
			continue;
		chmod(path, 0111);	/* what is not there shall say ENOENT */
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (rmdir(path) == 0 && fd != -1)
			return (fd);
		if (fd != -1)
			close(fd);
	}
	return (-1);
}

static void
find_groups(struct powers *p)
{
	gid_t groups[1024];
	int n = getgroups(1024, groups);

	p->gid = getgid();
	if (n > IPC_MAX_GROUPS)
		log_warnx("only %d of %d supplementary groups are kept", IPC_MAX_GROUPS, n);
	for (int i = 0; i < n && i < IPC_MAX_GROUPS; i++)
		p->groups[p->ngroups++] = groups[i];
}

void
spawn_prepare(struct warden *w)
{
	struct powers *p = &w->powers;

	p->root = geteuid() == 0;
	spawn_powers(&p->change_ids, &p->can_chroot);
	if (!p->root)
		find_groups(p);
	spawn_namespaces(&w->confinement);
	if ((w->confinement.root = make_empty_root()) == -1) {
		log_warn("no empty root directory could be made");
		p->can_chroot = false;
		w->confinement.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (!p->change_ids || !p->can_chroot)
		log_warnx("weaker sandbox: no %s%s%s for children; start as root, or with "
		    "CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL and CAP_SYS_CHROOT",
		    p->change_ids ? "" : "uids of their own",
		    !p->change_ids && !p->can_chroot ? " and no " : "",
		    p->can_chroot ? "" : "empty root");
}

/* ---- what a child becomes ---- */

static bool
opens_devices(uint32_t role)
{
	return (role == ROLE_BROKER || role == ROLE_OPENER);
}

static int
choose_ids(struct warden *w, const struct settings *s, struct ipc_jail *jail)
{
	const struct powers *p = &w->powers;

	if (!p->change_ids) {
		jail->uid = geteuid();
		jail->gid = getegid();
		return (0);
	}
	jail->change_ids = 1;
	jail->uid = s->uid_base + (jail->role == ROLE_LISTENER);
	if (jail->role == ROLE_WORKER && child_take_uid(w, s, &jail->uid) == -1)
		return (-1);
	jail->gid = jail->uid;
	if (opens_devices(jail->role) && !p->root) {
		jail->gid = p->gid;
		jail->ngroups = p->ngroups;
		memcpy(jail->groups, p->groups, sizeof(jail->groups));
	}
	return (0);
}

static int
make_jail(struct warden *w, const struct settings *s, uint32_t role, struct ipc_jail *jail)
{
	const struct powers *p = &w->powers;

	*jail = (struct ipc_jail){ .role = role, .can_chroot = p->can_chroot,
	    .require = s->require, .verbose = w->verbose };
	jail->namespaces = w->confinement.net != -1 && w->confinement.ipc != -1 &&
	    w->confinement.uts != -1;
	jail->keep_dac = role == ROLE_OPENER && p->root && p->change_ids;
	return (choose_ids(w, s, jail));
}

/* ---- environment ---- */

static const struct {
	const char *name;
	uint32_t roles;
} kept[] = {
	{ "JOURNAL_STREAM", 1u << ROLE_BROKER },
	{ "XDG_RUNTIME_DIR", 1u << ROLE_BROKER },
	{ "ASAN_OPTIONS", ~0u },
	{ "UBSAN_OPTIONS", ~0u },
};

#define NKEPT (sizeof(kept) / sizeof(kept[0]))

struct environment {
	char room[TITLE_ROOM];
	char text[NKEPT][512];
	char *list[NKEPT + 2];
};

static void
make_environment(struct environment *e, uint32_t role)
{
	size_t n = 0;

	memset(e->room, '-', sizeof(e->room) - 1);
	memcpy(e->room, "TITLE=", 6);
	e->room[sizeof(e->room) - 1] = '\0';
	for (size_t i = 0; i < NKEPT; i++) {
		const char *value = getenv(kept[i].name);

		if (value == NULL || (kept[i].roles & 1u << role) == 0 ||
		    (size_t)snprintf(e->text[i], sizeof(e->text[i]), "%s=%s", kept[i].name,
		    value) >= sizeof(e->text[i]))
			continue;
		e->list[n++] = e->text[i];
	}
	e->list[n++] = e->room;
	e->list[n] = NULL;
}

/* ---- the process ---- */

static const char *const names[ROLE_MAX] = { "cellblockd", "cellblock-broker",
    "cellblock-listener", "cellblock-worker", "cellblock-opener" };

static pid_t
start(struct warden *w, const struct spawn_request *r, int control)
{
	char *plain[] = { (char *)(uintptr_t)names[r->role], NULL };
	struct process p = { .name = names[r->role], .program = r->programs->fd[r->role],
	    .argv = plain, .control = control, .out = -1, .err = -1,
	    .private_net = r->role != ROLE_BROKER, .confinement = &w->confinement };
	struct environment e;
	char *own = w->argv[0];
	pid_t pid;

	make_environment(&e, r->role);
	p.envp = e.list;
	if (r->role == ROLE_BROKER || CHILD_STDERR)
		p.err = STDERR_FILENO;
	if (r->role == ROLE_BROKER) {
		/* our argv, unread; only the first may say something on stdout */
		p.argv = w->argv;
		w->argv[0] = plain[0];
		p.out = w->went ? -1 : STDOUT_FILENO;
	}
	pid = spawn_process(&p);
	w->argv[0] = own;
	return (pid);
}

static int
first_words(struct warden *w, const struct spawn_request *r, const struct ipc_jail *jail,
    int control, int door)
{
	struct ipc_empty none = { 0 };
	struct ipc_path path = { .path = "" };

	if (IPC_SEND_FD(control, JAIL, jail, &w->confinement.root) == -1)
		return (-1);
	if (r->role == ROLE_WORKER)
		return (IPC_SEND_FD(control, DOOR, &none, &door));
	if (r->role == ROLE_OPENER) {
		snprintf(path.path, sizeof(path.path), "%s", r->path != NULL ? r->path : "");
		return (IPC_SEND(control, PATH, &path));
	}
	return (0);
}

static void
close_pair(int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] != -1)
			close(fd[i]);
}

/* A new broker finds them by this end. Openers end with their broker. */
static int
keep_end(struct child *c, int control)
{
	if (c->role != ROLE_LISTENER && c->role != ROLE_WORKER)
		return (0);
	c->control = fcntl(control, F_DUPFD_CLOEXEC, 0);
	return (c->control == -1 ? -1 : 0);
}

/* Fills c; of the pairs, [0] is for the broker and [1] for the child. Returns 0, or -1. */
static int
bring_up(struct warden *w, const struct spawn_request *r, struct child *c, int control[2],
    int door[2])
{
	const struct settings *s = r->asker != NULL ? &r->asker->settings : &w->settings;
	struct ipc_jail jail;

	if (make_jail(w, s, r->role, &jail) == -1 || ipc_pair(control) == -1 ||
	    (r->role == ROLE_WORKER && ipc_pair(door) == -1) || keep_end(c, control[0]) == -1)
		return (-1);
	jail.child = c->number;
	c->uid = jail.uid;
	c->owner = r->asker != NULL ? r->asker->number : 0;
	if (r->role == ROLE_LISTENER)
		ipc_refuse_fds(control[0]);	/* a layer more where the kernel has it */
	if (r->role == ROLE_WORKER)
		ipc_refuse_fds(door[0]);
	if (first_words(w, r, &jail, control[0], door[1]) == -1)
		return (-1);
	c->pid = start(w, r, control[1]);
	return (c->pid == -1 ? -1 : 0);
}

struct child *
spawn_child(struct warden *w, const struct spawn_request *r, int ends[2])
{
	int control[2] = { -1, -1 }, door[2] = { -1, -1 };
	struct child *c = child_add(w, r->role);
	int saved;

	if (c == NULL)
		return (NULL);
	if (bring_up(w, r, c, control, door) == -1) {
		saved = errno;
		child_remove(c);
		close_pair(control);
		close_pair(door);
		errno = saved;
		return (NULL);
	}
	close(control[1]);
	if (door[1] != -1)
		close(door[1]);
	ends[0] = control[0];
	ends[1] = door[0];
	return (c);
}
