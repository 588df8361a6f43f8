/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting one of our programs as the warden does, for tests: control channel at fd 3, JAIL and
 * what follows it said. The root directory stays, and so do the ids of an ordinary user.
 */
#ifndef TESTS_UNIT_CHILD_H
#define TESTS_UNIT_CHILD_H

#include <sys/types.h>

#include "common/ipc.h"

#define CHILD_UID IPC_UID_BASE	/* of a child that root starts: this and its role */

/* Runs program (beside the tests in the build tree) with argv, which may be NULL. path is for an
 * opener, door for a worker (-1: none). Returns the other end of its control channel, or -1. */
int	child_start(const char *program, char *const argv[], enum role, const char *path, int door,
	    pid_t *);

/* Waits for it; returns its wait status. */
int	child_wait(pid_t);

#endif
