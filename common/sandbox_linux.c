/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's order of narrowing. What an early step gives up a later one no longer needs: chroot
 * before ids, capabilities around ids (so that nothing comes back), DUMPABLE after ids (a change
 * of credentials resets it), threads before the last limits and the filter, the filter last.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <sched.h>

#include "common/sandbox_layers.h"

#ifndef PR_SET_MDWE		/* Linux 6.3 */
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* What belongs to a thread would not reach one that exists already. */
static enum sandbox_outcome
one_thread(struct sandbox_entry *e)
{
	struct stat st;

	if (stat("/proc/self/task", &st) == -1)
		return (STEP_DONE);	/* no /proc: the tests look from outside */
	errno = 0;
	if (st.st_nlink > 3)
		return (sandbox_failed(e, "threads exist before it"));
	return (STEP_DONE);
}

/* setns was the warden's: a process cannot enter what it holds no descriptor of. Only the broker
 * came with the real network, on which it has its listening sockets by now. */
static enum sandbox_outcome
namespaces(struct sandbox_entry *e)
{
	if (!e->s->jail->namespaces)
		return (STEP_KERNEL_LACKS);
	if (e->s->jail->role == ROLE_BROKER && unshare(CLONE_NEWNET) == -1)
		return (errno == EPERM ? STEP_KERNEL_LACKS : sandbox_failed(e, "unshare"));
	return (STEP_DONE);
}

static enum sandbox_outcome
dumpable(struct sandbox_entry *e)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return (sandbox_failed(e, "PR_SET_DUMPABLE"));
	return (STEP_DONE);
}

static enum sandbox_outcome
no_new_privs(struct sandbox_entry *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return (sandbox_failed(e, "PR_SET_NO_NEW_PRIVS"));
	return (STEP_DONE);
}

static enum sandbox_outcome
mdwe(struct sandbox_entry *e)
{
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == -1)
		return (errno == EINVAL ? STEP_KERNEL_LACKS : sandbox_failed(e, "PR_SET_MDWE"));
	if (prctl(PR_GET_MDWE, 0, 0, 0, 0) != PR_MDWE_REFUSE_EXEC_GAIN)
		return (sandbox_failed(e, "PR_GET_MDWE"));
	return (STEP_DONE);
}

/* An opener opens one path for the broker: it keeps the root, and Landlock leaves it that path. */
#define NOT_OPENER (ROLES_ALL & ~ROLE_BIT(ROLE_OPENER))

const struct sandbox_step sandbox_steps[] = {
	{ 0, ROLES_ALL, one_thread },
	{ SANDBOX_NAMESPACES, ROLES_ALL, namespaces },
	{ SANDBOX_ROOT, NOT_OPENER, sandbox_root },
	{ SANDBOX_CAPS, ROLES_ALL, sandbox_caps_before_ids },
	{ SANDBOX_IDS, ROLES_ALL, sandbox_ids },
	{ SANDBOX_CAPS, ROLES_ALL, sandbox_caps_after_ids },
	{ SANDBOX_DUMPABLE, ROLES_ALL, dumpable },
	{ SANDBOX_NNP, ROLES_ALL, no_new_privs },
	{ SANDBOX_MDWE, ROLES_ALL, mdwe },
	{ SANDBOX_RLIMITS, ROLES_ALL, sandbox_limits },
	{ SANDBOX_LANDLOCK, ROLES_ALL, sandbox_landlock },
	{ 0, ROLES_ALL, sandbox_start },
	{ SANDBOX_RLIMITS, ROLES_ALL, sandbox_last_limits },
	{ SANDBOX_SECCOMP, ROLES_ALL, sandbox_seccomp },
	{ 0, 0, NULL },
};
