/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layers that every Unix has: root directory, ids, resource limits. Each is verified where the
 * system lets us ask. The order is the platform's table's, not this file's.
 */
#include "config.h"

#include <sys/resource.h>

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "common/sandbox_layers.h"

enum sandbox_outcome
sandbox_root(struct sandbox_entry *e)
{
	int root = e->s->root;

	if (root == -1 || !e->s->jail->can_chroot)
		return (STEP_NOT_ALLOWED);
	if (fchdir(root) == -1 || chroot(".") == -1 || chdir("/") == -1)
		return (sandbox_failed(e, "chroot"));
	return (STEP_DONE);
}

static int
set_ids(const struct ipc_jail *jail)
{
	gid_t groups[IPC_MAX_GROUPS];

	for (uint32_t i = 0; i < jail->ngroups; i++)
		groups[i] = jail->groups[i];
	if (setgroups(jail->ngroups, groups) == -1)
		return (-1);
	if (setresgid(jail->gid, jail->gid, jail->gid) == -1)
		return (-1);
	return (setresuid(jail->uid, jail->uid, jail->uid));
}

static int
ids_are(const struct ipc_jail *jail)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	return (getresuid(&r, &e, &s) == 0 && getresgid(&gr, &ge, &gs) == 0 &&
	    r == jail->uid && e == jail->uid && s == jail->uid &&
	    gr == jail->gid && ge == jail->gid && gs == jail->gid &&
	    getgroups(0, NULL) == (int)jail->ngroups);
}

enum sandbox_outcome
sandbox_ids(struct sandbox_entry *e)
{
	const struct ipc_jail *jail = e->s->jail;

	if (!jail->change_ids)
		return (STEP_NOT_ALLOWED);
	errno = 0;
	if (jail->uid == 0 || jail->gid == 0 || jail->ngroups > IPC_MAX_GROUPS)
		return (sandbox_failed(e, "uid or gid 0, or too many groups"));
	if (set_ids(jail) == -1)
		return (sandbox_failed(e, "setgroups, setresgid, setresuid"));
	errno = 0;
	if (!ids_are(jail))
		return (sandbox_failed(e, "the ids are not what was asked for"));
	return (STEP_DONE);
}

static int
limit(int resource, rlim_t value)
{
	struct rlimit rl = { value, value }, now;

	/* a limit that is lower already stays: only a privileged process could raise it */
	if (getrlimit(resource, &now) == -1)
		return (-1);
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
		rl.rlim_cur = rl.rlim_max = now.rlim_max;
	return (setrlimit(resource, &rl));
}

enum sandbox_outcome
sandbox_limits(struct sandbox_entry *e)
{
	static const int none[] = {
		RLIMIT_CORE,
#ifdef RLIMIT_MSGQUEUE
		RLIMIT_MSGQUEUE,
#endif
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (limit(none[i], 0) == -1)
			return (sandbox_failed(e, "setrlimit"));
	if (limit(RLIMIT_NOFILE, e->s->max_files) == -1)
		return (sandbox_failed(e, "RLIMIT_NOFILE"));
	if (e->s->max_fsize != UINT64_MAX && limit(RLIMIT_FSIZE, e->s->max_fsize) == -1)
		return (sandbox_failed(e, "RLIMIT_FSIZE"));
	return (STEP_DONE);
}

enum sandbox_outcome
sandbox_start(struct sandbox_entry *e)
{
	if (e->s->start != NULL && e->s->start(e->s->start_arg) == -1)
		return (sandbox_failed(e, "threads, rings, memory"));
	return (STEP_DONE);
}

/*
 * 0 and not the present count: for an ordinary user all of that user's processes are counted. With
 * a ring the kernel starts threads, which are counted, too: where nobody else has this uid they are
 * all that there may be, and an ordinary user's limit stays. The filter forbids clone() anyway.
 */
static int
limit_processes(const struct sandbox *s)
{
#ifdef RLIMIT_NPROC
	if ((s->engine & (SANDBOX_RING | SANDBOX_RING_FD)) == 0)
		return (limit(RLIMIT_NPROC, 0));
	if (s->jail->change_ids)
		return (limit(RLIMIT_NPROC, s->processes));
#endif
	(void)s;
	return (0);
}

/* What `start` needs and nobody does after it: a ring's queues are locked memory. */
enum sandbox_outcome
sandbox_last_limits(struct sandbox_entry *e)
{
#ifdef RLIMIT_MEMLOCK
	if (limit(RLIMIT_MEMLOCK, 0) == -1)
		return (sandbox_failed(e, "RLIMIT_MEMLOCK"));
#endif
	if (limit_processes(e->s) == -1)
		return (sandbox_failed(e, "RLIMIT_NPROC"));
	return (STEP_DONE);
}
