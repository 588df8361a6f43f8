/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an opener does to a device or file: claim it so that nobody else has it, measure it, open
 * it anew for one worker, see whether a dead worker's writes have drained. Any of these may block
 * for ever on a dead device; that is why they happen here and nowhere else. Platform parts are in
 * probe_linux.c or probe_posix.c.
 */
#ifndef BROKER_PROBE_H
#define BROKER_PROBE_H

#include <sys/stat.h>

#include <stdbool.h>

#include "common/ipc_payload.h"

/* What sysfs says of a disk's queue. It is read before the sandbox closes, which leaves nothing but
 * the path itself; all zero where it is no disk or nothing is known. */
struct probe_limits {
	dev_t rdev;
	uint32_t discard_max, discard_gran, write_zeroes_max;	/* bytes */
	bool write_through;		/* nothing that was written can be lost */
};

/* Opens and claims path. Returns the descriptor, which holds the claim as long as it or a
 * duplicate is open, with *out filled; or -1 with *why filled. */
int	probe_claim(const char *path, const struct probe_limits *, const struct ipc_claim *,
	    struct ipc_claimed *out, struct ipc_open_failed *why);

/* A new open file description of what claim has open, with its drain lock set. Returns it, or -1
 * with *why filled. */
int	probe_reopen(int claim, const struct ipc_reopen *, struct ipc_open_failed *why);

/* Does any description still hold the drain lock? Returns 1, 0, or -1 with errno. */
int	probe_is_locked(int claim, uint64_t lock_offset);

/* probe_linux.c, probe_posix.c: fill what the platform knows; what it does not know is left as
 * probe_claim set it. Return 0, or -1 with errno. */
void	probe_read_limits(const char *path, struct probe_limits *);
int	probe_block(int fd, const struct stat *, const struct probe_limits *, struct ipc_claimed *);
int	probe_file(int fd, struct ipc_claimed *);

/* Fills dio_mem and dio_offset; what they are is left 0 where there is no direct I/O. */
void	probe_direct(int fd, struct ipc_claimed *);

/* Opens again what fd has open (which may be O_PATH). Returns a descriptor, or -1 with errno. */
int	probe_open_again(int fd, int flags);

/* Looks a name up without opening what it names. Returns a descriptor for fstat and
 * probe_open_again, or -1 with errno. */
int	probe_look_up(const char *path);

#endif
