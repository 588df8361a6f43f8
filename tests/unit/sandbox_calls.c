/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's system call filter from inside: every system call number is tried in every role, and every
 * tested argument with wrong bits, against a second reading of the table that knows nothing of
 * libseccomp. What counts is what happened, not what a call returned.
 */
#include "config.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <stdio.h>
#include <unistd.h>

#include "tests/unit/sandbox_world.h"

#define LAST_SYSCALL	480

struct call {
	long nr;
	unsigned long arg[6];
};

static int
do_call(const void *p)
{
	const struct call *c = p;

	syscall(c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4], c->arg[5]);
	return (0);
}

/* The table, read by us. */
static bool
row_permits(const struct sandbox_rule *r, const struct kind *kind, const struct call *c)
{
	if (r->nr != c->nr || (r->roles & (1u << kind->role | kind->engine)) == 0)
		return (false);
	for (int i = 0; i < 2; i++)
		if ((c->arg[r->test[i].arg] & r->test[i].mask) != r->test[i].value)
			return (false);
	return (true);
}

static bool
table_permits(const struct kind *kind, const struct call *c)
{
	for (size_t i = 0; i < sizeof(sandbox_rules) / sizeof(sandbox_rules[0]); i++)
		if (row_permits(&sandbox_rules[i], kind, c))
			return (true);
	for (size_t i = 0; i < sandbox_rules_extra_count; i++)
		if (row_permits(&sandbox_rules_extra[i], kind, c))
			return (true);
	return (false);
}

static void
try_call(const struct kind *kind, const struct call *c)
{
	bool permitted = table_permits(kind, c);
	int status;

	if (permitted && c->nr == SYS_rt_sigreturn)
		return;		/* goes wherever the stack says, another call that is not permitted too */
	status = narrowed(kind, do_call, c);
	if (killed_by_filter(status) == permitted)
		fail_msg("%s: call %ld (%lx, %lx, %lx, %lx, %lx, %lx): status %x, table says %s",
		    kind->name, c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4],
		    c->arg[5], status, permitted ? "yes" : "no");
}

/* Nothing good at any argument: what gets through the filter does no harm. */
static struct call
bad_call(long nr)
{
	return ((struct call){ nr, { -1ul, -1ul, -1ul, -1ul, -1ul, -1ul } });
}

/* Linux lets these two past every filter on x86-64 (they do nothing outside a probe). */
static bool
is_passthrough(long nr)
{
#ifdef __x86_64__
	return (nr == 335 || nr == 336);
#else
	(void)nr;
	return (false);
#endif
}

static void
test_every_number(void **state)
{
	(void)state;
	for (int r = 0; r < NKINDS; r++)
		for (long nr = 0; nr <= LAST_SYSCALL; nr++) {
			struct call c = bad_call(nr);

			if (!is_passthrough(nr))
				try_call(&kinds[r], &c);
		}
}

static void
test_far_numbers(void **state)
{
	static const long far[] = { LAST_SYSCALL + 1, 1000, 0xffff, 0x7fffffff, -1 };

	(void)state;
	for (int r = 0; r < NKINDS; r++)
		for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
			struct call c = bad_call(far[i]);

			try_call(&kinds[r], &c);
		}
}

#ifdef __x86_64__
#define X32 0x40000000l

static int
call_i386(const void *p)
{
	const struct call *c = p;
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(c->nr), "b"(-1l), "c"(-1l), "d"(-1l)
	    : "memory");
	return (0);
}

/* The two other ways into the kernel: neither exists for us. */
static void
test_other_abis(void **state)
{
	(void)state;
	for (int r = 0; r < NKINDS; r++)
		for (long nr = 0; nr <= LAST_SYSCALL; nr += 11) {
			struct call c = bad_call(nr | X32);

			assert_true(killed_by_filter(narrowed(&kinds[r], do_call, &c)));
			c.nr = nr;
			assert_true(killed_by_filter(narrowed(&kinds[r], call_i386, &c)));
		}
}
#endif

/* A row's own values, then each with one bit of each tested argument changed, below and above. */
static void
sweep_row(const struct kind *kind, const struct sandbox_rule *rule)
{
	struct call good = bad_call(rule->nr);

	for (int i = 0; i < 2; i++)
		if (rule->test[i].mask != 0)
			good.arg[rule->test[i].arg] = rule->test[i].value;
	try_call(kind, &good);
	for (int i = 0; i < 2; i++)
		for (int bit = 0; bit < 64 && rule->test[i].mask != 0; bit += bit < 34 ? 1 : 7) {
			struct call c = good;

			c.arg[rule->test[i].arg] ^= 1ul << bit;
			try_call(kind, &c);
		}
}

static void
test_arguments(void **state)
{
	(void)state;
	for (int r = 0; r < NKINDS; r++)
		for (size_t i = 0; i < sizeof(sandbox_rules) / sizeof(sandbox_rules[0]); i++)
			if (sandbox_rules[i].test[0].mask != 0 && sandbox_rules[i].nr >= 0 &&
			    (sandbox_rules[i].roles &
			    (1u << kinds[r].role | kinds[r].engine)) != 0)
				sweep_row(&kinds[r], &sandbox_rules[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_far_numbers),
#ifdef __x86_64__
		cmocka_unit_test(test_other_abis),
#endif
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_every_number),
	};

	if (sandbox_skips())
		return (0);
	return (cmocka_run_group_tests(tests, sandbox_setup, NULL));
}
