/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting processes on Linux: programs by O_PATH descriptor and execveat, so that a binary can be
 * replaced while it is in use; namespaces made once by a helper that exits, entered with setns.
 *
 * A thousand children are two thousand descriptors of ours. So a child borrows our memory and our
 * descriptors until exec (clone as vfork does it, with CLONE_FILES) instead of copying and closing
 * all of that. What it needs lies in a few low descriptors, our tray; it takes a copy of what lies
 * below them and of them, and only then moves anything.
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

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1u << 1)
#endif
#ifndef SYS_close_range		/* one number on every architecture */
#define SYS_close_range 436
#endif

#define PROGRAM_FD (IPC_CONTROL_FD + 1)		/* close-on-exec */
#define CHILD_STACK 65536

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

/* Where a child finds its descriptors: low numbers, taken once, above all that it will have. */
enum { TRAY_NULL, TRAY_CONTROL, TRAY_PROGRAM, TRAY_OUT, TRAY_ERR, TRAY_MAX };
static int tray[TRAY_MAX] = { -1, -1, -1, -1, -1 };

static int
tray_open(void)
{
	int null;

	if (tray[TRAY_MAX - 1] != -1)
		return (0);
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		return (-1);
	for (int i = 0; i < TRAY_MAX; i++)
		if (tray[i] == -1 &&
		    (tray[i] = fcntl(null, F_DUPFD_CLOEXEC, PROGRAM_FD + 1)) == -1)
			break;
	close(null);
	return (tray[TRAY_MAX - 1] == -1 ? -1 : 0);
}

static int
tray_set(int which, int fd)
{
	return (dup3(fd == -1 ? tray[TRAY_NULL] : fd, tray[which], O_CLOEXEC));
}

static int
tray_fill(const struct process *p)
{
	if (tray_open() == -1 || tray_set(TRAY_CONTROL, p->control) == -1 ||
	    tray_set(TRAY_PROGRAM, p->program) == -1 || tray_set(TRAY_OUT, p->out) == -1 ||
	    tray_set(TRAY_ERR, p->err) == -1)
		return (-1);
	return (0);
}

/* Nothing of a child may stay: the end of its channel would never be seen. */
static void
tray_clear(void)
{
	for (int i = TRAY_NULL + 1; i < TRAY_MAX; i++)
		if (tray[i] != -1)
			dup3(tray[TRAY_NULL], tray[i], O_CLOEXEC);
}

static int
tray_end(void)
{
	int end = 0;

	for (int i = 0; i < TRAY_MAX; i++)
		if (tray[i] > end)
			end = tray[i];
	return (end + 1);
}

/* From here on the table of descriptors is the child's own, and nothing is in it but what it needs. */
static int
own_descriptors(void)
{
	if (syscall(SYS_close_range, tray_end(), ~0u, CLOSE_RANGE_UNSHARE) == 0)
		return (0);
	if (unshare(CLONE_FILES) == -1)		/* before Linux 5.9 */
		return (-1);
	closefrom(tray_end());
	return (0);
}

static int
arrange(void)
{
	if (own_descriptors() == -1 || dup2(tray[TRAY_NULL], STDIN_FILENO) == -1 ||
	    dup2(tray[TRAY_OUT], STDOUT_FILENO) == -1 ||
	    dup2(tray[TRAY_ERR], STDERR_FILENO) == -1 ||
	    dup2(tray[TRAY_CONTROL], IPC_CONTROL_FD) == -1 ||
	    dup3(tray[TRAY_PROGRAM], PROGRAM_FD, O_CLOEXEC) == -1)
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

/* Runs in our memory, while we wait: nothing here may change anything but the process itself. */
static int
become(void *arg)
{
	const struct process *p = arg;
	const struct confinement *c = p->confinement;

	setsid();	/* Ctrl-C is the warden's alone */
	if ((p->private_net && enter(c->net, CLONE_NEWNET) == -1) ||
	    enter(c->ipc, CLONE_NEWIPC) == -1 || enter(c->uts, CLONE_NEWUTS) == -1 ||
	    arrange() == -1)
		_exit(126);
	reset_signals();
	spawn_exec(PROGRAM_FD, p->argv, p->envp);
	_exit(127);
}

pid_t
spawn_process(const struct process *p)
{
	char *stack = malloc(CHILD_STACK);
	pid_t pid = -1;
	int saved;

	if (stack != NULL && tray_fill(p) == 0)
		pid = clone(become, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES |
		    SIGCHLD, (void *)(uintptr_t)p);
	saved = errno;
	tray_clear();
	free(stack);
	errno = saved;
	return (pid);
}
