/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the table of system calls to the kernel's filter, over every thread of this process. What
 * is not listed, and every call of a foreign architecture, kills the process.
 */
#include "config.h"

#include <errno.h>

#include "common/sandbox_layers.h"
#include "common/sandbox_rules.h"

static int
add(scmp_filter_ctx ctx, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp cmp[2];
	unsigned n = 0;

	for (unsigned i = 0; i < 2; i++)
		if (rule->test[i].mask != 0)
			cmp[n++] = SCMP_CMP(rule->test[i].arg, SCMP_CMP_MASKED_EQ,
			    rule->test[i].mask, rule->test[i].value);
	return (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rule->nr, n, cmp));
}

static int
add_all(scmp_filter_ctx ctx, const struct sandbox_rule *rules, size_t n, uint32_t who)
{
	int r;

	for (size_t i = 0; i < n; i++)
		if ((rules[i].roles & who) != 0 && rules[i].nr >= 0 &&
		    (r = add(ctx, &rules[i])) < 0)
			return (r);
	return (0);
}

static int
load(scmp_filter_ctx ctx, uint32_t who)
{
	int r;

	if ((r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) < 0 ||
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1)) < 0 ||
	    (r = add_all(ctx, sandbox_rules, sizeof(sandbox_rules) / sizeof(sandbox_rules[0]),
	    who)) < 0 ||
	    (r = add_all(ctx, sandbox_rules_extra, sandbox_rules_extra_count, who)) < 0)
		return (r);
	return (seccomp_load(ctx));
}

enum sandbox_outcome
sandbox_seccomp(struct sandbox_entry *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = -ENOMEM;

	if (ctx != NULL)
		r = load(ctx, ROLE_BIT(e->s->jail->role) | e->s->engine);
	seccomp_release(ctx);
	if (r < 0) {
		errno = -r;
		return (sandbox_failed(e, "seccomp"));
	}
	return (STEP_DONE);
}
