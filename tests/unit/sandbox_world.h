/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children that narrow themselves, of every kind; see sandbox_world.c.
 */
#ifndef TESTS_UNIT_SANDBOX_WORLD_H
#define TESTS_UNIT_SANDBOX_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/sandbox.h"
#include "common/sandbox_rules.h"

#define UID		1900000u
#define MAX_FILES	24
#define PROCESSES	7	/* that a ring may need */
#define NKINDS		6
#define ENTER_FAILED	120	/* exit status */

/* Who narrows itself: a role, and with what it reads and writes. */
struct kind {
	enum role role;
	uint32_t engine;
	const char *name;
};

enum { OPENER, BROKER, LISTENER, WORKER };
extern const struct kind kinds[NKINDS];
extern const char *left[];		/* paths that an opener can still open */
extern bool is_root;

int	sandbox_setup(void **state);	/* of the whole group */
bool	sandbox_skips(void);	/* under valgrind, which makes system calls of its own; and says so */

int	empty_root(void);
struct ipc_jail jail_of(enum role);
/* This process narrows itself. 0, or -1 and it has said why. */
int	enter_as(const struct kind *, struct ipc_ready *, int (*start)(void *));
/* Runs deed(arg) in a narrowed child; its result is the exit status. Returns the wait status. */
int	narrowed(const struct kind *, int (*deed)(const void *), const void *arg);
bool	killed_by_filter(int status);

#endif
