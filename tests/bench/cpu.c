/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process has used, summed over its threads, from /proc: time in nanoseconds, time that it
 * waited for a processor, its voluntary switches, its memory; and how often it entered the kernel,
 * counted by the kernel itself where it lets us (a tracepoint, so nothing is slowed down by it).
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

const char *syscount_missing;

static size_t
read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, buf, size - 1);

	if (fd != -1)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return (n > 0 ? (size_t)n : 0);
}

/* The number after a name at the beginning of a line. */
static uint64_t
field_of(const char *text, const char *name)
{
	const char *at = text;
	size_t len = strlen(name);

	while (at != NULL && strncmp(at, name, len) != 0)
		if ((at = strchr(at, '\n')) != NULL)
			at++;
	return (at != NULL ? strtoull(at + len, NULL, 10) : 0);
}

static void
add_schedstat(const char *text, struct cpu_use *u)
{
	uint64_t run = 0, wait = 0;

	if (sscanf(text, "%" SCNu64 " %" SCNu64, &run, &wait) == 2) {
		u->run_ns += run;
		u->wait_ns += wait;
	}
}

/* utime and stime are the 12th and 13th field after the name, which ends in the last ')'. */
static void
add_stat(const char *text, struct cpu_use *u)
{
	const char *at = strrchr(text, ')');
	uint64_t user, system;

	if (at != NULL && sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64
	    " %" SCNu64, &user, &system) == 2) {
		u->user += user;
		u->system += system;
	}
}

static void
add_status(const char *text, struct cpu_use *u)
{
	u->switches += field_of(text, "voluntary_ctxt_switches:");
}

static const struct {
	const char *file;
	void (*add)(const char *text, struct cpu_use *);
} sources[] = {
	{ "schedstat", add_schedstat },
	{ "stat", add_stat },
	{ "status", add_status },
};

static void
read_thread(pid_t pid, const char *tid, struct cpu_use *u)
{
	char path[320], text[4096];

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", (int)pid, tid, sources[i].file);
		if (read_text(path, text, sizeof(text)) > 0)
			sources[i].add(text, u);
	}
}

static void
for_threads(pid_t pid, void (*call)(pid_t, const char *tid, void *), void *arg)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	if ((d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			call(pid, e->d_name, arg);
	closedir(d);
}

static void
read_one(pid_t pid, const char *tid, void *use)
{
	read_thread(pid, tid, use);
	((struct cpu_use *)use)->threads++;
}

/* Time stolen from the machine; and user, nice and system time of the server's processor without
 * the holder, which is counted as nice. */
static void
read_machine(struct cpu_use *u)
{
	char text[8192], name[16];
	uint64_t user = 0, system = 0;
	const char *at;

	if (read_text("/proc/stat", text, sizeof(text)) == 0)
		return;
	sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &u->stolen);
	snprintf(name, sizeof(name), "\ncpu%d ", settings.server_cpu);
	if ((at = strstr(text, name)) != NULL &&
	    sscanf(at + strlen(name), "%" SCNu64 " %*u %" SCNu64, &user, &system) == 2)
		u->cpu_busy = user + system;
}

void
cpu_read(pid_t pid, const struct syscount *s, struct cpu_use *u)
{
	uint64_t n;

	memset(u, 0, sizeof(*u));
	for_threads(pid, read_one, u);
	for (unsigned i = 0; s != NULL && i < s->n; i++)
		if (read(s->fd[i], &n, sizeof(n)) == sizeof(n))
			u->syscalls += n;
	read_machine(u);
}

void
cpu_since(const struct cpu_use *before, const struct cpu_use *after, struct cpu_use *u)
{
	*u = (struct cpu_use){
		.run_ns = after->run_ns - before->run_ns,
		.wait_ns = after->wait_ns - before->wait_ns,
		.user = after->user - before->user,
		.system = after->system - before->system,
		.switches = after->switches - before->switches,
		.syscalls = after->syscalls - before->syscalls,
		.stolen = after->stolen - before->stolen,
		.cpu_busy = after->cpu_busy - before->cpu_busy,
		.threads = after->threads,
	};
}

static void
pin_one(pid_t pid, const char *tid, void *cpu)
{
	cpu_set_t set;

	(void)pid;
	CPU_ZERO(&set);
	CPU_SET(*(const int *)cpu, &set);
	if (sched_setaffinity((pid_t)strtol(tid, NULL, 10), sizeof(set), &set) == -1)
		warn("sched_setaffinity");
}

void
cpu_pin_process(pid_t pid, int cpu)
{
	for_threads(pid, pin_one, &cpu);
}

/* ---- system calls ---- */

static uint64_t
tracepoint_id(void)
{
	static const char *const roots[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[128], text[32];

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(path, sizeof(path), "%s/events/raw_syscalls/sys_enter/id", roots[i]);
		if (read_text(path, text, sizeof(text)) > 0)
			return (strtoull(text, NULL, 10));
	}
	return (0);
}

static void
count_thread(pid_t pid, const char *tid, void *arg)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr),
		.config = tracepoint_id(), .inherit = 1 };
	struct syscount *s = arg;
	int fd;

	(void)pid;
	if (s->n == SYSCOUNT_THREADS)
		return;
	fd = (int)syscall(SYS_perf_event_open, &attr, (pid_t)strtol(tid, NULL, 10), -1, -1,
	    PERF_FLAG_FD_CLOEXEC);
	if (fd == -1)
		syscount_missing = strerror(errno);
	else
		s->fd[s->n++] = fd;
}

/* Count the system calls of all threads, and of those that they start. False: it is not possible;
 * syscount_missing says why. */
bool
syscount_open(struct syscount *s, pid_t pid)
{
	s->n = 0;
	if (tracepoint_id() == 0)
		syscount_missing = "no tracefs, or not allowed to read it";
	else
		for_threads(pid, count_thread, s);
	return (s->n > 0);
}

void
syscount_close(struct syscount *s)
{
	for (unsigned i = 0; i < s->n; i++)
		close(s->fd[i]);
	s->n = 0;
}

/* ---- memory ---- */

/* A field of smaps_rollup, as "Pss:"; 0 if there is none. */
uint64_t
mem_rollup_kib(pid_t pid, const char *field)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	return (read_text(path, text, sizeof(text)) > 0 ? field_of(text, field) : 0);
}

/* What is resident without shared memory: a RAM disk that is mapped is not the worker's own. */
uint64_t
mem_resident_kib(pid_t pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (read_text(path, text, sizeof(text)) == 0)
		return (0);
	return (field_of(text, "RssAnon:") + field_of(text, "RssFile:"));
}
