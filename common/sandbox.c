/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking the steps of the platform's table, and hearing from the warden what to become. Says what
 * could not be had; decides nothing but whether that is a reason to stop (`require`).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "common/ipc.h"
#include "common/sandbox_layers.h"

#define FIRST_WORDS_MS 10000

static const struct { uint32_t bit; const char *name; } layer_names[] = {
	{ SANDBOX_NAMESPACES, "namespaces" },
	{ SANDBOX_ROOT, "root" },
	{ SANDBOX_IDS, "ids" },
	{ SANDBOX_CAPS, "capabilities" },
	{ SANDBOX_DUMPABLE, "dumpable" },
	{ SANDBOX_NNP, "no_new_privs" },
	{ SANDBOX_MDWE, "mdwe" },
	{ SANDBOX_RLIMITS, "rlimits" },
	{ SANDBOX_LANDLOCK, "landlock" },
	{ SANDBOX_SECCOMP, "seccomp" },
};

#define NLAYERS (sizeof(layer_names) / sizeof(layer_names[0]))

const char *
sandbox_layer_name(uint32_t bit)
{
	for (size_t i = 0; i < NLAYERS; i++)
		if (layer_names[i].bit == bit)
			return (layer_names[i].name);
	return ("?");
}

const char *
sandbox_layer_names(uint32_t layers, char *buf, size_t size)
{
	size_t used = 0;

	snprintf(buf, size, "none");
	for (size_t i = 0; i < NLAYERS && used < size; i++)
		if ((layers & layer_names[i].bit) != 0)
			used += (size_t)snprintf(buf + used, size - used, "%s%s",
			    used == 0 ? "" : ", ", layer_names[i].name);
	return (buf);
}

enum sandbox_outcome
sandbox_failed(struct sandbox_entry *e, const char *what)
{
	if (errno != 0)
		snprintf(e->err, e->errsize, "sandbox: %s: %s", what, strerror(errno));
	else
		snprintf(e->err, e->errsize, "sandbox: %s", what);
	return (STEP_FAILED);
}

/* Takes one step; returns its outcome after `require` has had its say. */
static enum sandbox_outcome
take(const struct sandbox_step *step, struct sandbox_entry *e)
{
	enum sandbox_outcome got;

	errno = 0;
	got = step->enter(e);
	if (got == STEP_NOT_ALLOWED && e->s->jail->require) {
		snprintf(e->err, e->errsize, "sandbox: %s is required and not permitted here; "
		    "start as root or with the capabilities that cellblockd(8) lists, or say "
		    "sandbox: prefer", sandbox_layer_name(step->layer));
		return (STEP_FAILED);
	}
	return (got);
}

int
sandbox_enter(const struct sandbox *s, struct ipc_ready *ready, char *err, size_t errsize)
{
	struct sandbox_entry e = { s, err, errsize };
	uint32_t role = ROLE_BIT(s->jail->role);

	memset(ready, 0, sizeof(*ready));
	for (const struct sandbox_step *step = sandbox_steps; step->enter != NULL; step++) {
		if ((step->roles & role) == 0)
			continue;
		switch (take(step, &e)) {
		case STEP_DONE:
			ready->layers |= step->layer;
			break;
		case STEP_KERNEL_LACKS:
		case STEP_NOT_ALLOWED:
			ready->missing |= step->layer;
			break;
		case STEP_FAILED:
			return (-1);
		}
	}
	ready->layers &= ~ready->missing;	/* a layer of several steps needs them all */
	if (s->root != -1)
		close(s->root);
	return (0);
}

/* ---- first words ---- */

struct words {
	enum role expect;
	struct ipc_jail *jail;
	int *root, *door;
	char *path;
};

IPC_RECEIVER(warden_to_child, IPC_WARDEN_TO_CHILD)

static int
on_jail(void *ctx, const struct ipc_jail *jail, int *fds)
{
	struct words *w = ctx;

	if (jail->role != (uint32_t)w->expect || jail->ngroups > IPC_MAX_GROUPS)
		return (-1);
	*w->jail = *jail;
	*w->root = fds[0];
	fds[0] = -1;
	return (0);
}

static int
on_door(void *ctx, const struct ipc_empty *empty, int *fds)
{
	struct words *w = ctx;

	(void)empty;
	if (w->expect != ROLE_WORKER || w->door == NULL)
		return (-1);
	*w->door = fds[0];
	fds[0] = -1;
	return (0);
}

static int
on_path(void *ctx, const struct ipc_path *path, int *fds)
{
	struct words *w = ctx;

	(void)fds;
	if (w->expect != ROLE_OPENER || w->path == NULL ||
	    !ipc_text_ok(path->path, sizeof(path->path)))
		return (-1);
	memcpy(w->path, path->path, IPC_PATH_SIZE);
	return (0);
}

/* execveat leaves a descriptor's number as the name that ps -o comm shows. */
static void
name_process(enum role role)
{
	static const char *const names[] = { "cellblockd", "cellblock-broker",
	    "cellblock-listener", "cellblock-worker", "cellblock-opener" };

	_Static_assert(sizeof(names) / sizeof(names[0]) == ROLE_MAX, "a name for each role");
#ifdef __linux__
	prctl(PR_SET_NAME, names[role], 0, 0, 0);
#else
	(void)names[role];
#endif
}

int
sandbox_receive_jail(enum role expect, struct ipc_jail *jail, int *root, int *door,
    char path[IPC_PATH_SIZE])
{
	struct words w = { expect, jail, root, door, path };
	struct ipc_peer warden = { .fd = IPC_CONTROL_FD, .in = &warden_to_child, .ctx = &w,
	    .state = S_NEW };
	bool second = expect == ROLE_WORKER || expect == ROLE_OPENER;

	name_process(expect);
	*root = -1;
	if (ipc_dispatch_wait(&warden, FIRST_WORDS_MS) == 1 && *root != -1 &&
	    (!second || ipc_dispatch_wait(&warden, FIRST_WORDS_MS) == 1))
		return (0);
	if (*root != -1)
		close(*root);
	*root = -1;
	errno = EPROTO;
	return (-1);
}
