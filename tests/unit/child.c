/* SPDX-License-Identifier: BSD-2-Clause */
/* See child.h. */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/child.h"

static void
become(const char *program, char *const argv[], int control)
{
	char *plain[] = { (char *)(uintptr_t)program, NULL };
	/* room for setproctitle, as the warden leaves it */
	static char room[512] = "SPT=";
	char *env[] = { room, NULL };

	memset(room + 4, '-', sizeof(room) - 5);
	if (control == IPC_CONTROL_FD)
		fcntl(control, F_SETFD, 0);
	else if (dup2(control, IPC_CONTROL_FD) == -1)
		_exit(126);
	closefrom(IPC_CONTROL_FD + 1);
	execve(program, argv != NULL ? argv : plain, env);
	_exit(127);
}

/* Nobody is narrowed as root: then ids outside everybody's range are taken. */
static struct ipc_jail
jail_for(enum role role)
{
	struct ipc_jail jail = { .role = role, .uid = getuid(), .gid = getgid(), .child = 1 };

	if (jail.uid == 0) {
		jail.uid = jail.gid = CHILD_UID + role;
		jail.change_ids = 1;
		jail.keep_dac = role == ROLE_OPENER;
	}
	return (jail);
}

static int
first_words(int fd, enum role role, const char *path, int door)
{
	struct ipc_jail jail = jail_for(role);
	struct ipc_path p = { .path = "" };
	struct ipc_empty none = { 0 };
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	r = IPC_SEND_FD(fd, JAIL, &jail, &root);
	close(root);
	if (r == 0 && role == ROLE_WORKER)
		r = IPC_SEND_FD(fd, DOOR, &none, &door);
	if (r == 0 && role == ROLE_OPENER) {
		snprintf(p.path, sizeof(p.path), "%s", path != NULL ? path : "");
		r = IPC_SEND(fd, PATH, &p);
	}
	return (r);
}

int
child_start(const char *program, char *const argv[], enum role role, const char *path, int door,
    pid_t *pid)
{
	int fd[2];

	if (ipc_pair(fd) == -1)
		return (-1);
	if (first_words(fd[0], role, path, door) == -1 || (*pid = fork()) == -1) {
		close(fd[0]);
		close(fd[1]);
		return (-1);
	}
	if (*pid == 0)
		become(program, argv, fd[1]);
	close(fd[1]);
	return (fd[0]);
}

int
child_wait(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return (status);
}
