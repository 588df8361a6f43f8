/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a process narrows itself for good: one function for every role, after exec and before it
 * reads anything that is not the warden's. The layers stand in one table per platform
 * (sandbox_linux.c, sandbox_posix.c), in the order in which they are entered; the system calls of
 * each role in sandbox_rules.h. Nothing here widens anything, and nothing here logs.
 *
 * Landlock, capabilities and no_new_privs belong to a thread, so threads must not exist before
 * sandbox_enter(): they are started by `start`, when everything but the last limits and the filter
 * is in force (they inherit it), and the filter is then put over all of them.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#include "common/ipc_payload.h"

enum {
	SANDBOX_NAMESPACES = 1,		/* the warden's empty network, IPC and UTS namespaces */
	SANDBOX_ROOT = 2,		/* chroot into an empty, removed directory */
	SANDBOX_IDS = 4,		/* uid, gid and groups of its own */
	SANDBOX_CAPS = 8,		/* five empty capability sets (opener: CAP_DAC_OVERRIDE) */
	SANDBOX_DUMPABLE = 16,		/* no core, no ptrace, no /proc/PID/mem */
	SANDBOX_NNP = 32,		/* no_new_privs */
	SANDBOX_MDWE = 64,		/* no page becomes executable; Linux 6.3 */
	SANDBOX_RLIMITS = 128,
	SANDBOX_LANDLOCK = 256,		/* no file, TCP port or signal; Linux 5.13, 6.7, 6.12 */
	SANDBOX_SECCOMP = 512,		/* the listed system calls, or death */
};

/* With what a worker reads and writes: each has system calls of its own. Apart from role bits. */
enum {
	SANDBOX_POOL = 1u << 16,	/* threads */
	SANDBOX_RING = 1u << 17,	/* io_uring, known by an index */
	SANDBOX_RING_FD = 1u << 18,	/* io_uring whose descriptor had to stay */
};

struct sandbox {
	/* The warden's words. The broker, which is started before the warden knows the settings,
	 * passes a copy in which it has set uid, gid (root case) and require itself. */
	const struct ipc_jail *jail;
	int root;			/* directory to chroot into, or -1; closed */
	const char *const *paths;	/* what Landlock leaves to open, NULL at the end; or NULL */
	uint64_t max_files;		/* RLIMIT_NOFILE */
	uint64_t max_fsize;		/* RLIMIT_FSIZE, bytes; UINT64_MAX: as it is. 0 also forbids
					 * a stderr that is a file */
	/* Starts the threads that this process needs; all must run when it returns 0. NULL: none.
	 * The two members below are its result. */
	int	(*start)(void *);
	void	*start_arg;
	uint32_t engine;		/* bits above, one for each kind that there is */
	uint64_t processes;		/* with a ring: how many tasks there may be, the kernel's for
					 * it counted, where the uid is nobody else's */
};

/* Narrows this process for good and fills *ready. Returns 0, or -1 with a text in err: the caller
 * says it and exits (some layers may be in force by then). */
int	sandbox_enter(const struct sandbox *, struct ipc_ready *ready, char *err, size_t errsize);

/*
 * The first words of the warden on fd 3: JAIL, for a worker DOOR, for an opener PATH ("" when it
 * was asked for without one). door and path may be NULL for other roles. The descriptors are the
 * caller's. Names the process, too. Returns 0, or -1 with errno (EPROTO: not what was expected).
 */
int	sandbox_receive_jail(enum role expect, struct ipc_jail *, int *root, int *door,
	    char path[IPC_PATH_SIZE]);

/* "seccomp", "landlock"...: the name of one SANDBOX_ bit. */
const char *sandbox_layer_name(uint32_t bit);

/* Layers as words into buf: "landlock, mdwe"; "none" for 0. Returns buf. */
const char *sandbox_layer_names(uint32_t layers, char *buf, size_t size);

#endif
