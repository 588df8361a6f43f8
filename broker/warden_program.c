/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other binaries: beside ours in a build tree (whose directory is called "broker"), else in
 * pkglibexecdir. They are opened together, once per generation of brokers.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

static const char *const in_build_tree[ROLE_MAX] = {
	[ROLE_BROKER] = "../broker/cellblock-broker",
	[ROLE_LISTENER] = "../listener/cellblock-listener",
	[ROLE_WORKER] = "../worker/cellblock-worker",
	[ROLE_OPENER] = "../broker/cellblock-opener",
};

static bool
is_build_tree(const char *dir)
{
	const char *name = strrchr(dir, '/');

	return (name != NULL && strcmp(name, "/broker") == 0);
}

int
programs_open(const struct warden *w, struct programs *p)
{
	bool built = is_build_tree(w->dir);
	char path[2048];

	for (int role = 0; role < ROLE_MAX; role++)
		p->fd[role] = -1;
	for (int role = ROLE_BROKER; role < ROLE_MAX; role++) {
		if (built)
			snprintf(path, sizeof(path), "%s/%s", w->dir, in_build_tree[role]);
		else
			snprintf(path, sizeof(path), "%s%s", PKGLIBEXECDIR,
			    strrchr(in_build_tree[role], '/'));
		if ((p->fd[role] = spawn_open_program(path)) == -1) {
			log_err("%s", path);
			programs_close(p);
			return (-1);
		}
	}
	return (0);
}

void
programs_close(struct programs *p)
{
	for (int role = 0; role < ROLE_MAX; role++)
		if (p->fd[role] != -1) {
			close(p->fd[role]);
			p->fd[role] = -1;
		}
}
