/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities: ambient and bounding sets are emptied while we still may, the others after the
 * ids have changed, and then all five are looked at. An opener keeps CAP_DAC_OVERRIDE where the
 * warden says so, and nothing else in any set. A service user's ambient capabilities survive both
 * setresuid and no_new_privs, so none of this can be left to them.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <linux/capability.h>
#include <unistd.h>

#include "common/sandbox_layers.h"

#define DAC_OVERRIDE (1u << CAP_DAC_OVERRIDE)

struct caps {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct set[2];
};

static int
caps_get(struct caps *c)
{
	*c = (struct caps){ .head.version = _LINUX_CAPABILITY_VERSION_3 };
	return ((int)syscall(SYS_capget, &c->head, c->set));
}

/* The bounding set ends where the kernel says EINVAL: it may know more than our headers. */
static int
bounding_drop(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != -1; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return (-1);
	return (0);
}

enum sandbox_outcome
sandbox_caps_before_ids(struct sandbox_entry *e)
{
	const struct ipc_jail *jail = e->s->jail;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return (sandbox_failed(e, "PR_CAP_AMBIENT_CLEAR_ALL"));
	/* Linux forgets this at every change of ids, so it is asked for each time */
	if (jail->keep_dac && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1)
		return (sandbox_failed(e, "PR_SET_KEEPCAPS"));
	if (bounding_drop() == -1) {
		if (!jail->change_ids)
			return (STEP_NOT_ALLOWED);	/* an ordinary user */
		return (sandbox_failed(e, "PR_CAPBSET_DROP (needs CAP_SETPCAP)"));
	}
	return (STEP_DONE);
}

static enum sandbox_outcome
verify(struct sandbox_entry *e, uint32_t kept)
{
	struct caps c;

	if (caps_get(&c) == -1)
		return (sandbox_failed(e, "capget"));
	errno = 0;
	if (c.set[0].effective != kept || c.set[0].permitted != kept || c.set[1].effective != 0 ||
	    c.set[1].permitted != 0 || (c.set[0].inheritable | c.set[1].inheritable) != 0)
		return (sandbox_failed(e, "capabilities are left"));
	if (setresuid(0, 0, 0) != -1 || setresgid(0, 0, 0) != -1)
		return (sandbox_failed(e, "root can be regained"));
	for (unsigned long cap = 0;; cap++) {
		int bounding = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (bounding == -1)
			return (STEP_DONE);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) != 0) {
			errno = 0;
			return (sandbox_failed(e, "ambient capabilities are left"));
		}
		if (bounding == 1)
			return (STEP_NOT_ALLOWED);
	}
}

enum sandbox_outcome
sandbox_caps_after_ids(struct sandbox_entry *e)
{
	uint32_t kept = e->s->jail->keep_dac ? DAC_OVERRIDE : 0;
	struct caps c = { .head.version = _LINUX_CAPABILITY_VERSION_3 };

	c.set[0].effective = c.set[0].permitted = kept;
	if (syscall(SYS_capset, &c.head, c.set) == -1)
		return (sandbox_failed(e, "capset"));
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == -1)
		return (sandbox_failed(e, "PR_SET_KEEPCAPS"));
	return (verify(e, kept));
}
