/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What starting a process needs from the operating system (spawn_linux.c, spawn_posix.c): our
 * programs as open descriptors, empty namespaces, fork and exec with nothing left over. Knows
 * nothing of brokers and messages.
 */
#ifndef BROKER_SPAWN_H
#define BROKER_SPAWN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc_payload.h"

/* The binaries of one generation, open, so that an upgrade does not mix versions. */
struct programs {
	int fd[ROLE_MAX];	/* -1: none */
};

/* What children are put into; -1 where it could not be had. */
struct confinement {
	int root;		/* an empty directory that no longer has a name */
	int net, ipc, uts;	/* empty namespaces */
};

struct process {
	const char *name;	/* argv[0] */
	int program;		/* descriptor of the binary */
	char *const *argv;
	char *const *envp;
	int control;		/* becomes fd 3 */
	int out, err;		/* become fd 1, 2 */
	bool private_net;	/* into the empty network namespace, too */
	const struct confinement *confinement;
};

/* Where our own binary lies. Returns 0, or -1 with errno. */
int	spawn_own_dir(const char *argv0, char *buf, size_t size);
/* A descriptor to start `path` from, or -1 with errno. */
int	spawn_open_program(const char *path);
/* Replaces this process. Returns only on failure, with errno. */
int	spawn_exec(int program, char *const *argv, char *const *envp);
/* Has this process what changing ids, chroot and opening any device need? */
void	spawn_powers(bool *change_ids, bool *can_chroot);
/* Makes the empty namespaces, as far as they are permitted. */
void	spawn_namespaces(struct confinement *);
/* Returns the pid, or -1 with errno. */
pid_t	spawn_process(const struct process *);

#endif
