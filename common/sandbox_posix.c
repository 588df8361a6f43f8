/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The portable order of narrowing: an empty root, ids, limits. A system with more (capsicum,
 * pledge) gets a file of its own beside this one. An opener keeps its ids: without capabilities
 * nothing but root's own could open a device for it, and it lives for one answer.
 */
#include "config.h"

#include "common/sandbox_layers.h"

#define NOT_OPENER (ROLES_ALL & ~ROLE_BIT(ROLE_OPENER))

const struct sandbox_step sandbox_steps[] = {
	{ SANDBOX_ROOT, NOT_OPENER, sandbox_root },
	{ SANDBOX_IDS, NOT_OPENER, sandbox_ids },
	{ SANDBOX_RLIMITS, ROLES_ALL, sandbox_limits },
	{ 0, ROLES_ALL, sandbox_start },
	{ SANDBOX_RLIMITS, ROLES_ALL, sandbox_last_limits },
	{ 0, 0, NULL },
};
