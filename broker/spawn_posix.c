/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting processes on any Unix with fexecve and closefrom: no namespaces, and our own binary is
 * where argv[0] says.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/spawn.h"
#include "common/ipc.h"

#define PROGRAM_FD (IPC_CONTROL_FD + 1)		/* close-on-exec */

int
spawn_own_dir(const char *argv0, char *buf, size_t size)
{
	const char *slash = strrchr(argv0, '/');
	size_t n;

	if (slash == NULL) {	/* found through PATH: installed */
		errno = ENOENT;
		return (-1);
	}
	n = (size_t)(slash - argv0);
	if (n == 0 || n >= size) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	memcpy(buf, argv0, n);
	buf[n] = '\0';
	return (0);
}

int
spawn_open_program(const char *path)
{
	return (open(path, O_RDONLY | O_CLOEXEC));
}

int
spawn_exec(int program, char *const *argv, char *const *envp)
{
	return (fexecve(program, argv, envp));
}

void
spawn_powers(bool *change_ids, bool *can_chroot)
{
	*change_ids = *can_chroot = geteuid() == 0;
}

void
spawn_namespaces(struct confinement *c)
{
	c->net = c->ipc = c->uts = -1;
}

static int
out_of_the_way(int fd)
{
	return (fd > PROGRAM_FD ? fd : fcntl(fd, F_DUPFD_CLOEXEC, PROGRAM_FD + 1));
}

static int
arrange(const struct process *p)
{
	int null = out_of_the_way(open("/dev/null", O_RDWR | O_CLOEXEC));
	int out = p->out == -1 ? null : out_of_the_way(p->out);
	int err = p->err == -1 ? null : out_of_the_way(p->err);
	int control = out_of_the_way(p->control), program = out_of_the_way(p->program);

	if (dup2(null, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
	    dup2(err, STDERR_FILENO) == -1 || dup2(control, IPC_CONTROL_FD) == -1 ||
	    dup2(program, PROGRAM_FD) == -1 || fcntl(PROGRAM_FD, F_SETFD, FD_CLOEXEC) == -1)
		return (-1);
	closefrom(PROGRAM_FD + 1);
	return (0);
}

static void
become(const struct process *p)
{
	sigset_t none;

	setsid();	/* Ctrl-C is the warden's alone */
	if (arrange(p) == -1)
		_exit(126);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	spawn_exec(PROGRAM_FD, p->argv, p->envp);
	_exit(127);
}

pid_t
spawn_process(const struct process *p)
{
	pid_t pid = fork();

	if (pid == 0)
		become(p);
	return (pid);
}
