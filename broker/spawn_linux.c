/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting processes on Linux: programs by O_PATH descriptor and execveat, so that a binary can be
 * replaced while it is in use; namespaces made once by a helper that exits, entered with setns.
 */
#include "config.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/spawn.h"
#include "common/ipc.h"

#define PROGRAM_FD (IPC_CONTROL_FD + 1)		/* close-on-exec */

int
spawn_own_dir(const char *argv0, char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size);
	char *slash;

	(void)argv0;
	if (n == -1)
		return (-1);
	if ((size_t)n >= size) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	buf[n] = '\0';
	if ((slash = strrchr(buf, '/')) != NULL)
		*slash = '\0';
	return (0);
}

int
spawn_open_program(const char *path)
{
	return (open(path, O_PATH | O_CLOEXEC));
}

int
spawn_exec(int program, char *const *argv, char *const *envp)
{
	return ((int)syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH));
}

static uint64_t
effective_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct set[2] = { { 0 } };

	if (syscall(SYS_capget, &head, set) == -1)
		return (0);
	return (set[0].effective | (uint64_t)set[1].effective << 32);
}

void
spawn_powers(bool *change_ids, bool *can_chroot)
{
	const uint64_t ids = 1ull << CAP_SETUID | 1ull << CAP_SETGID | 1ull << CAP_SETPCAP |
	    1ull << CAP_KILL;
	uint64_t have = effective_caps();

	*change_ids = (have & ids) == ids;
	*can_chroot = (have & 1ull << CAP_SYS_CHROOT) != 0;
}

/* ---- namespaces ---- */

static int
open_namespace(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	return (open(path, O_RDONLY | O_CLOEXEC));
}

/* The helper says one byte when it is in them, and lives until we have opened them. */
static void
helper(int said, int wait_for)
{
	char byte = 0;

	if (unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0 &&
	    write(said, &byte, 1) == 1 && read(wait_for, &byte, 1) == -1)
		_exit(1);
	_exit(0);
}

void
spawn_namespaces(struct confinement *c)
{
	int said[2] = { -1, -1 }, hold[2] = { -1, -1 };
	pid_t pid = -1;
	char byte;

	c->net = c->ipc = c->uts = -1;
	if (pipe2(said, O_CLOEXEC) == -1 || pipe2(hold, O_CLOEXEC) == -1 ||
	    (pid = fork()) == -1)
		goto out;
	if (pid == 0) {
		close(hold[1]);
		helper(said[1], hold[0]);
	}
	close(said[1]);
	said[1] = -1;
	if (read(said[0], &byte, 1) == 1) {
		c->net = open_namespace(pid, "net");
		c->ipc = open_namespace(pid, "ipc");
		c->uts = open_namespace(pid, "uts");
	}
 out:
	for (int i = 0; i < 2; i++) {
		if (said[i] != -1)
			close(said[i]);
		if (hold[i] != -1)
			close(hold[i]);
	}
	if (pid > 0)
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			;
}

/* ---- a process ---- */

static int
enter(int ns, int type)
{
	return (ns == -1 ? 0 : setns(ns, type));
}

/* Descriptors that lie where others are going are moved up first. */
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
	    dup3(program, PROGRAM_FD, O_CLOEXEC) == -1)
		return (-1);
	closefrom(PROGRAM_FD + 1);
	return (0);
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
become(const struct process *p)
{
	const struct confinement *c = p->confinement;

	setsid();	/* Ctrl-C is the warden's alone */
	if ((p->private_net && enter(c->net, CLONE_NEWNET) == -1) ||
	    enter(c->ipc, CLONE_NEWIPC) == -1 || enter(c->uts, CLONE_NEWUTS) == -1 ||
	    arrange(p) == -1)
		_exit(126);
	reset_signals();
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
