/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's sandbox from both sides. Inside: children of every role narrow themselves and then try
 * things; what counts is what happened, not what a call returned. Every system call number is
 * tried in every role, and every tested argument with wrong bits, against a second reading of the
 * table that knows nothing of libseccomp. Outside: what /proc says of a narrowed process.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sandbox.h"
#include "common/sandbox_rules.h"

#define LAST_SYSCALL	480
#define UID		1900000u
#define MAX_FILES	24
#define PROCESSES	7	/* that a ring may need */
#define NKINDS		6

#define ENTER_FAILED	120	/* exit status */

/* Who narrows itself: a role, and with what it reads and writes. */
struct kind {
	enum role role;
	uint32_t engine;
	const char *name;
};

enum { OPENER, BROKER, LISTENER, WORKER };
static const struct kind kinds[NKINDS] = {
	[OPENER] = { ROLE_OPENER, 0, "opener" },
	[BROKER] = { ROLE_BROKER, 0, "broker" },
	[LISTENER] = { ROLE_LISTENER, 0, "listener" },
	[WORKER] = { ROLE_WORKER, SANDBOX_POOL, "worker with threads" },
	{ ROLE_WORKER, SANDBOX_RING, "worker with a ring" },
	{ ROLE_WORKER, SANDBOX_RING_FD, "worker with a ring that has a descriptor" },
};

static bool is_root;

/* ---- a narrowed child ---- */

static int
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

static struct ipc_jail
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

static const char *left[] = { "/dev/null", "/etc/hostname", NULL };

static int
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

/* Runs deed(arg) in a narrowed child; its result is the exit status. Returns the wait status. */
static int
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

static bool
killed_by_filter(int status)
{
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

/* ---- one system call with six arguments ---- */

struct call {
	long nr;
	unsigned long arg[6];
};

static int
do_call(const void *p)
{
	const struct call *c = p;

	syscall(c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4], c->arg[5]);
	return (0);
}

/* The table, read by us. */
static bool
row_permits(const struct sandbox_rule *r, const struct kind *kind, const struct call *c)
{
	if (r->nr != c->nr || (r->roles & (1u << kind->role | kind->engine)) == 0)
		return (false);
	for (int i = 0; i < 2; i++)
		if ((c->arg[r->test[i].arg] & r->test[i].mask) != r->test[i].value)
			return (false);
	return (true);
}

static bool
table_permits(const struct kind *kind, const struct call *c)
{
	for (size_t i = 0; i < sizeof(sandbox_rules) / sizeof(sandbox_rules[0]); i++)
		if (row_permits(&sandbox_rules[i], kind, c))
			return (true);
	for (size_t i = 0; i < sandbox_rules_extra_count; i++)
		if (row_permits(&sandbox_rules_extra[i], kind, c))
			return (true);
	return (false);
}

static void
try_call(const struct kind *kind, const struct call *c)
{
	bool permitted = table_permits(kind, c);
	int status;

	if (permitted && c->nr == SYS_rt_sigreturn)
		return;		/* goes wherever the stack says, another call that is not permitted too */
	status = narrowed(kind, do_call, c);
	if (killed_by_filter(status) == permitted)
		fail_msg("%s: call %ld (%lx, %lx, %lx, %lx, %lx, %lx): status %x, table says %s",
		    kind->name, c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4],
		    c->arg[5], status, permitted ? "yes" : "no");
}

/* Nothing good at any argument: what gets through the filter does no harm. */
static struct call
bad_call(long nr)
{
	return ((struct call){ nr, { -1ul, -1ul, -1ul, -1ul, -1ul, -1ul } });
}

/* Linux lets these two past every filter on x86-64 (they do nothing outside a probe). */
static bool
is_passthrough(long nr)
{
#ifdef __x86_64__
	return (nr == 335 || nr == 336);
#else
	(void)nr;
	return (false);
#endif
}

static void
test_every_number(void **state)
{
	(void)state;
	for (int r = 0; r < NKINDS; r++)
		for (long nr = 0; nr <= LAST_SYSCALL; nr++) {
			struct call c = bad_call(nr);

			if (!is_passthrough(nr))
				try_call(&kinds[r], &c);
		}
}

static void
test_far_numbers(void **state)
{
	static const long far[] = { LAST_SYSCALL + 1, 1000, 0xffff, 0x7fffffff, -1 };

	(void)state;
	for (int r = 0; r < NKINDS; r++)
		for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
			struct call c = bad_call(far[i]);

			try_call(&kinds[r], &c);
		}
}

#ifdef __x86_64__
#define X32 0x40000000l

static int
call_i386(const void *p)
{
	const struct call *c = p;
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(c->nr), "b"(-1l), "c"(-1l), "d"(-1l)
	    : "memory");
	return (0);
}

/* The two other ways into the kernel: neither exists for us. */
static void
test_other_abis(void **state)
{
	(void)state;
	for (int r = 0; r < NKINDS; r++)
		for (long nr = 0; nr <= LAST_SYSCALL; nr += 11) {
			struct call c = bad_call(nr | X32);

			assert_true(killed_by_filter(narrowed(&kinds[r], do_call, &c)));
			c.nr = nr;
			assert_true(killed_by_filter(narrowed(&kinds[r], call_i386, &c)));
		}
}
#endif

/* A row's own values, then each with one bit of each tested argument changed, below and above. */
static void
sweep_row(const struct kind *kind, const struct sandbox_rule *rule)
{
	struct call good = bad_call(rule->nr);

	for (int i = 0; i < 2; i++)
		if (rule->test[i].mask != 0)
			good.arg[rule->test[i].arg] = rule->test[i].value;
	try_call(kind, &good);
	for (int i = 0; i < 2; i++)
		for (int bit = 0; bit < 64 && rule->test[i].mask != 0; bit += bit < 34 ? 1 : 7) {
			struct call c = good;

			c.arg[rule->test[i].arg] ^= 1ul << bit;
			try_call(kind, &c);
		}
}

static void
test_arguments(void **state)
{
	(void)state;
	for (int r = 0; r < NKINDS; r++)
		for (size_t i = 0; i < sizeof(sandbox_rules) / sizeof(sandbox_rules[0]); i++)
			if (sandbox_rules[i].test[0].mask != 0 && sandbox_rules[i].nr >= 0 &&
			    (sandbox_rules[i].roles &
			    (1u << kinds[r].role | kinds[r].engine)) != 0)
				sweep_row(&kinds[r], &sandbox_rules[i]);
}

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

static int
setup_all(void **state)
{
	(void)state;
	is_root = geteuid() == 0;
	return (0);
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
		cmocka_unit_test(test_far_numbers),
#ifdef __x86_64__
		cmocka_unit_test(test_other_abis),
#endif
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_every_number),
	};

	const char *preload = getenv("LD_PRELOAD");

	if (preload != NULL && strstr(preload, "vgpreload") != NULL) {
		puts("1..0 # SKIP valgrind makes system calls of its own");
		return (0);
	}
	return (cmocka_run_group_tests(tests, setup_all, NULL));
}
