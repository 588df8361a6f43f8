/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's sandbox from both sides. Inside: children of every role narrow themselves and then try
 * things; what counts is what happened, not what a call returned. Outside: what /proc says of a
 * narrowed process. Every single system call is tried in sandbox_calls.c.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/sandbox_world.h"

/* ---- what an intruder would want ---- */

static int try_open(const void *p) { return (open(p, O_RDONLY) == -1 ? errno : 0); }
static int try_socket(const void *p) { (void)p; return (socket(AF_INET, SOCK_DGRAM, 0) == -1); }
static int try_fork(const void *p) { (void)p; return (fork() == -1); }
static int try_ptrace(const void *p) { (void)p; return (ptrace(PTRACE_ATTACH, getppid(), 0, 0) == -1); }
static int try_root(const void *p) { (void)p; return (setuid(0) == -1); }

static int
try_exec(const void *p)
{
	char *const argv[] = { NULL };

	(void)p;
	execv("/bin/true", argv);
	return (1);
}

static int
try_kill(const void *p)
{
	return (kill(*(const pid_t *)p, SIGKILL) == -1);
}

static int
try_code(const void *p)
{
	(void)p;
	return (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0) == MAP_FAILED);
}

static int
try_code_later(const void *p)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)p;
	return (mprotect(page, 4096, PROT_READ | PROT_EXEC) == -1);
}

static void
test_attacks(void **state)
{
	static int (*const attacks[])(const void *) = { try_socket, try_fork, try_exec, try_ptrace,
	    try_root, try_code, try_code_later };
	pid_t victim = fork();

	(void)state;
	if (victim == 0) {
		alarm(60);
		for (;;)
			pause();
	}
	for (int r = 0; r < NKINDS; r++) {
		for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
			assert_true(killed_by_filter(narrowed(&kinds[r], attacks[i], NULL)));
		assert_true(killed_by_filter(narrowed(&kinds[r], try_kill, &victim)));
		if (kinds[r].role != ROLE_OPENER && sandbox_rules_extra_count == 0)
			assert_true(killed_by_filter(narrowed(&kinds[r], try_open, "/etc/passwd")));
	}
	assert_int_equal(kill(victim, 0), 0);	/* and lives */
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
}

static bool
has_landlock(void)
{
	return (syscall(444, NULL, 0, 1u) >= 1);
}

/* The opener may open, but only what was left to it; no socket file, no directory. */
static void
test_opener_paths(void **state)
{
	(void)state;
	if (!has_landlock())
		skip();		/* this kernel has no Landlock */
	assert_int_equal(narrowed(&kinds[OPENER], try_open, "/dev/null"), W_EXITCODE(0, 0));
	assert_int_equal(narrowed(&kinds[OPENER], try_open, "/etc/hostname"), W_EXITCODE(0, 0));
	assert_int_equal(narrowed(&kinds[OPENER], try_open, "/etc/passwd"), W_EXITCODE(EACCES, 0));
	assert_int_equal(narrowed(&kinds[OPENER], try_open, "/dev/zero"), W_EXITCODE(EACCES, 0));
	assert_int_equal(narrowed(&kinds[OPENER], try_open, "/"), W_EXITCODE(EACCES, 0));
	assert_int_equal(narrowed(&kinds[OPENER], try_open, "/no/such"), W_EXITCODE(ENOENT, 0));
}

/* CAP_DAC_OVERRIDE stays with it: somebody else's file of mode 0600 can be opened, by its path. */
static void
test_opener_dac(void **state)
{
	char path[] = "/tmp/sandbox-dac.XXXXXX";
	int fd, status;

	(void)state;
	if (!is_root)
		skip();		/* needs root */
	fd = mkstemp(path);
	close(fd);
	left[0] = path;
	status = narrowed(&kinds[OPENER], try_open, path);
	left[0] = "/dev/null";
	unlink(path);
	assert_int_equal(status, W_EXITCODE(0, 0));
}

/* ---- layers ---- */

static uint32_t
expected_layers(enum role role)
{
	uint32_t all = SANDBOX_DUMPABLE | SANDBOX_NNP | SANDBOX_RLIMITS | SANDBOX_SECCOMP;

	if (prctl(66, 0, 0, 0, 0) >= 0)		/* PR_GET_MDWE */
		all |= SANDBOX_MDWE;
	if (has_landlock())
		all |= SANDBOX_LANDLOCK;
	if (is_root)
		all |= SANDBOX_IDS | SANDBOX_CAPS | (role != ROLE_OPENER ? SANDBOX_ROOT : 0);
	return (all);
}

static int
report_layers(enum role role, bool namespaces, bool require, struct ipc_ready *ready, char *err,
    size_t errsize)
{
	struct ipc_jail jail = jail_of(role);
	struct sandbox s = { .jail = &jail, .root = empty_root(), .max_files = MAX_FILES,
	    .max_fsize = 0 };

	jail.namespaces = namespaces;
	jail.require = require;
	return (sandbox_enter(&s, ready, err, errsize));
}

static void
test_layers(void **state)
{
	(void)state;
	for (int r = 0; r < NKINDS; r++) {
		uint32_t expect = expected_layers(kinds[r].role);
		uint32_t ns = kinds[r].role == ROLE_BROKER && !is_root ? 0 : SANDBOX_NAMESPACES;
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			struct ipc_ready ready;
			char err[256];
			bool ok = report_layers(kinds[r].role, true, false, &ready, err,
			    sizeof(err)) == 0 && ready.layers == (expect | ns) &&
			    (ready.layers & ready.missing) == 0;

			_exit(ok ? 0 : 1);
		}
		waitpid(pid, &status, 0);
		if (status != 0)
			fail_msg("%s: status %x", kinds[r].name, status);
	}
}

/* An ordinary user cannot have all layers: `require` stops it, and says which. */
static void
test_require(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct ipc_ready ready;
		char err[256] = "";

		if (is_root && (setgid(65534) == -1 || setuid(65534) == -1))
			_exit(3);
		is_root = false;
		if (report_layers(ROLE_WORKER, false, true, &ready, err, sizeof(err)) == 0)
			_exit(1);
		_exit(strstr(err, "required") != NULL ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* As Debian 12's kernel, and older: no MDWE, no Landlock. */
static int
forget_layers(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), 444, 0) |
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
	    SCMP_A0(SCMP_CMP_EQ, 65, 0)) | seccomp_load(ctx);

	seccomp_release(ctx);
	return (r);
}

/* What a kernel does not have is missing and said, and no reason to stop even under `require`. */
static void
test_old_kernel(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct ipc_ready ready;
		char err[256];

		if (forget_layers() != 0 || report_layers(ROLE_WORKER, true, is_root, &ready, err,
		    sizeof(err)) == -1)
			_exit(1);
		_exit((ready.missing & (SANDBOX_MDWE | SANDBOX_LANDLOCK)) ==
		    (SANDBOX_MDWE | SANDBOX_LANDLOCK) &&
		    (ready.layers & SANDBOX_SECCOMP) != 0 ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- threads ---- */

static pthread_barrier_t running;
static volatile int go_on;

static void *
intruder(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&running);
	while (!go_on)
		;
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	_exit(1);
}

static int
start_intruder(void *arg)
{
	pthread_t t;

	(void)arg;
	pthread_barrier_init(&running, NULL, 2);
	if (pthread_create(&t, NULL, intruder, NULL) != 0)
		return (-1);
	pthread_barrier_wait(&running);
	return (0);
}

/* The filter lies over threads that were started before it, and one thread's crime ends all. */
static void
test_threads(void **state)
{
	struct ipc_ready ready;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		alarm(20);
		if (enter_as(&kinds[WORKER], &ready, start_intruder) == -1)
			_exit(ENTER_FAILED);
		go_on = 1;
		for (;;)
			;
	}
	waitpid(pid, &status, 0);
	assert_true(killed_by_filter(status));
}

/* What belongs to a thread would not reach it: better not to start. */
static void
test_early_thread(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct ipc_ready ready;
		char err[256];

		if (start_intruder(NULL) == -1 ||
		    report_layers(ROLE_WORKER, false, false, &ready, err, sizeof(err)) == 0)
			_exit(1);
		_exit(strstr(err, "threads") != NULL ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- from outside ---- */

static int
wait_for_parent(const void *p)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = *(const int *)p;

	sendmsg(fd, &msg, MSG_NOSIGNAL);
	return (recvmsg(fd, &msg, 0) == 1 ? 0 : 1);
}

/* The rest of the line that begins with key, in /proc/PID/file. */
static const char *
proc_line(pid_t pid, const char *file, const char *key)
{
	static char line[512];
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0) {
			fclose(f);
			line[strcspn(line, "\n")] = '\0';
			return (line + strlen(key));
		}
	fclose(f);
	fail_msg("%s: no %s", path, key);
	return (NULL);
}

static void
expect_status(pid_t pid, enum role role)
{
	static const char *const sets[] = { "CapInh:\t", "CapPrm:\t", "CapEff:\t", "CapBnd:\t",
	    "CapAmb:\t" };
	char ids[64];

	assert_string_equal(proc_line(pid, "status", "NoNewPrivs:\t"), "1");
	assert_string_equal(proc_line(pid, "status", "Seccomp:\t"), "2");
	if (!is_root)
		return;
	for (int i = 0; i < 5; i++)
		assert_int_equal(strtoull(proc_line(pid, "status", sets[i]), NULL, 16),
		    role == ROLE_OPENER && (i == 1 || i == 2) ? 2 : 0);
	snprintf(ids, sizeof(ids), "%u\t%u\t%u\t%u", UID + role, UID + role, UID + role, UID + role);
	assert_string_equal(proc_line(pid, "status", "Uid:\t"), ids);
	snprintf(ids, sizeof(ids), "%u\t%u\t%u\t%u", UID + 100 + role, UID + 100 + role,
	    UID + 100 + role, UID + 100 + role);
	assert_string_equal(proc_line(pid, "status", "Gid:\t"), ids);
	assert_string_equal(proc_line(pid, "status", "Groups:\t"), " ");
}

static void
expect_limit(pid_t pid, const char *name, unsigned long value)
{
	unsigned long soft, hard;

	assert_int_equal(sscanf(proc_line(pid, "limits", name), "%lu %lu", &soft, &hard), 2);
	assert_int_equal(soft, value);
	assert_int_equal(hard, value);
}

/* A ring's threads are the kernel's, and counted where a uid is counted for nobody else. */
static void
expect_limits(pid_t pid, const struct kind *kind)
{
	bool ring = (kind->engine & (SANDBOX_RING | SANDBOX_RING_FD)) != 0;

	expect_limit(pid, "Max core file size", 0);
	expect_limit(pid, "Max msgqueue size", 0);
	expect_limit(pid, "Max locked memory", 0);
	expect_limit(pid, "Max open files", MAX_FILES);
	if (!ring || is_root)
		expect_limit(pid, "Max processes", ring ? PROCESSES : 0);
}

static void
expect_empty_root(pid_t pid)
{
	char path[64];
	struct dirent *de;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	while ((de = readdir(d)) != NULL)
		n++;
	closedir(d);
	assert_int_equal(n, 0);		/* not even . and ..: the directory has no name any more */
}

static void
test_from_outside(void **state)
{
	(void)state;
	for (int r = 0; r < NKINDS; r++) {
		struct ipc_ready ready;
		int pair[2], status;
		char byte;
		pid_t pid;

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		if ((pid = fork()) == 0) {
			alarm(20);
			if (enter_as(&kinds[r], &ready, NULL) == -1)
				_exit(ENTER_FAILED);
			_exit(wait_for_parent(&pair[1]));
		}
		assert_int_equal(read(pair[0], &byte, 1), 1);
		expect_status(pid, kinds[r].role);
		expect_limits(pid, &kinds[r]);
		if (is_root && kinds[r].role != ROLE_OPENER)
			expect_empty_root(pid);
		assert_int_equal(write(pair[0], "", 1), 1);
		waitpid(pid, &status, 0);
		assert_int_equal(status, 0);
		close(pair[0]);
		close(pair[1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_require),
		cmocka_unit_test(test_old_kernel),
		cmocka_unit_test(test_from_outside),
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_opener_paths),
		cmocka_unit_test(test_opener_dac),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_early_thread),
	};

	if (sandbox_skips())
		return (0);
	return (cmocka_run_group_tests(tests, sandbox_setup, NULL));
}
