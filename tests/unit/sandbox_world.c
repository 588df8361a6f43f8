/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children that narrow themselves, of every kind: each role with what it reads and writes with.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/sandbox_world.h"

const struct kind kinds[NKINDS] = {
	[OPENER] = { ROLE_OPENER, 0, "opener" },
	[BROKER] = { ROLE_BROKER, 0, "broker" },
	[LISTENER] = { ROLE_LISTENER, 0, "listener" },
	[WORKER] = { ROLE_WORKER, SANDBOX_POOL, "worker with threads" },
	{ ROLE_WORKER, SANDBOX_RING, "worker with a ring" },
	{ ROLE_WORKER, SANDBOX_RING_FD, "worker with a ring that has a descriptor" },
};

bool is_root;

int
sandbox_setup(void **state)
{
	(void)state;
	is_root = geteuid() == 0;
	return (0);
}

bool
sandbox_skips(void)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload == NULL || strstr(preload, "vgpreload") == NULL)
		return (false);
	puts("1..0 # SKIP valgrind makes system calls of its own");
	return (true);
}

int
empty_root(void)
{
	char path[] = "/tmp/sandbox-test.XXXXXX";
	int fd;

	if (mkdtemp(path) == NULL)
		return (-1);
	chmod(path, 0111);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	rmdir(path);
	return (fd);
}

struct ipc_jail
jail_of(enum role role)
{
	struct ipc_jail jail = { .role = role, .uid = getuid(), .gid = getgid() };

	if (is_root) {
		jail.uid = UID + role;
		jail.gid = UID + 100 + role;
		jail.change_ids = jail.can_chroot = 1;
		jail.keep_dac = role == ROLE_OPENER;
	}
	return (jail);
}

const char *left[] = { "/dev/null", "/etc/hostname", NULL };

int
enter_as(const struct kind *kind, struct ipc_ready *ready, int (*start)(void *))
{
	struct ipc_jail jail = jail_of(kind->role);
	struct sandbox s = { .jail = &jail, .root = empty_root(), .max_files = MAX_FILES,
	    .paths = kind->role == ROLE_OPENER ? left : NULL, .max_fsize = UINT64_MAX,
	    .start = start, .engine = kind->engine, .processes = PROCESSES };
	gid_t inherited[] = { 5, 6 };	/* to be lost */
	char err[256];

	if (is_root && setgroups(2, inherited) == -1)
		return (-1);
	if (sandbox_enter(&s, ready, err, sizeof(err)) == 0)
		return (0);
	fprintf(stderr, "%s\n", err);
	return (-1);
}

int
narrowed(const struct kind *kind, int (*deed)(const void *), const void *arg)
{
	struct ipc_ready ready;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(20);
		signal(SIGXFSZ, SIG_IGN);
		if (enter_as(kind, &ready, NULL) == -1)
			_exit(ENTER_FAILED);
		_exit(deed(arg));
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == ENTER_FAILED);
	return (status);
}

bool
killed_by_filter(int status)
{
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
