/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting workers: how long one takes until it is ready, what it has in memory then, and what a
 * host waits for its Connect with a spare worker at hand and without.
 */
#include "config.h"

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/host/host.h"

enum { ROUNDS = 40, PAUSE_MS = 100, PIDS_MAX = 256 };
#define LIMIT_NS	(2 * NS_PER_S)

static const struct load none = { .queues = 1, .depth = 1 };

struct pids { pid_t pid[PIDS_MAX]; unsigned n; };

static void
collect(pid_t pid, const char *name, void *arg)
{
	struct pids *p = arg;

	if (strncmp(name, "cellblock-work", 14) == 0 && p->n < PIDS_MAX)
		p->pid[p->n++] = pid;
}

static bool
is_among(const struct pids *p, pid_t pid)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->pid[i] == pid)
			return (true);
	return (false);
}

/* The filter comes last, when threads and memory are there; then the worker says READY. */
static bool
is_ready(pid_t pid)
{
	char path[64], text[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (false);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return (strstr(text, "\nSeccomp:\t2") != NULL);
}

/* Watches for a worker that was not there before, from the first look at it until it is ready. */
struct watch {
	const struct target *target;
	struct pids before;
	pid_t pid;
	double ms;			/* negative: none came */
};

static pid_t
new_worker(const struct watch *w)
{
	struct pids now = { .n = 0 };

	family_each(w->target, collect, &now);
	for (unsigned i = 0; i < now.n; i++)
		if (!is_among(&w->before, now.pid[i]))
			return (now.pid[i]);
	return (0);
}

static void *
watch(void *arg)
{
	struct watch *w = arg;
	uint64_t until = now_ns() + LIMIT_NS, since;

	w->ms = -1;
	do
		w->pid = new_worker(w);
	while (w->pid == 0 && now_ns() < until);
	for (since = now_ns(); w->pid != 0 && now_ns() < until;)
		if (is_ready(w->pid)) {
			w->ms = (double)(now_ns() - since) / 1e6;
			break;
		}
	return (NULL);
}

static double
connect_ms(const struct target *t, struct host_ctrl *h)
{
	struct host_opts o;
	uint64_t since = now_ns();

	target_opts(t, &none, &o);
	if (host_ctrl_connect(h, &o) == -1)
		errx(1, "cannot connect: %s", h->error.text);
	return ((double)(now_ns() - since) / 1e6);
}

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

static void
report_median(const char *what, double *v, unsigned n, const char *unit)
{
	char text[96];

	qsort(v, n, sizeof(v[0]), by_size);
	if (n == 0)
		return;
	report_figure("spawn", what, v[n / 2], unit);
	snprintf(text, sizeof(text), "%s, the slowest of %u", what, n);
	report_figure("spawn", text, v[n - 1], unit);
}

/* A Connect takes a spare, and a new one is started meanwhile. */
static void
measure_start(const struct target *t)
{
	double ms[ROUNDS], cpu[ROUNDS], kib = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct watch w = { .target = t };
		struct host_ctrl h;
		pthread_t thread;

		family_each(t, collect, &w.before);
		if (pthread_create(&thread, NULL, watch, &w) != 0)
			errx(1, "no thread to watch");
		connect_ms(t, &h);
		pthread_join(thread, NULL);
		if (w.ms >= 0) {
			struct cpu_use use = { 0 };

			cpu_read(w.pid, NULL, &use);
			cpu[n] = (double)use.run_ns / 1e6;
			ms[n++] = w.ms;
			kib = (double)mem_rollup_kib(w.pid, "Private_Dirty:");
		}
		host_ctrl_close(&h);
		pause_ms(PAUSE_MS);
	}
	report_median("from the first sight of a worker in /proc until it is ready", ms, n, "ms");
	report_median("processor time of a worker from exec to ready", cpu, n, "ms");
	report_figure("spawn", "private memory of a worker that is ready", kib, "KiB");
}

static void
measure_connect(const struct target *t, const char *what, long pause)
{
	struct host_ctrl h[ROUNDS];
	double ms[ROUNDS];

	pause_ms(5 * PAUSE_MS);
	for (unsigned i = 0; i < ROUNDS; i++) {
		ms[i] = connect_ms(t, &h[i]);
		pause_ms(pause);
	}
	for (unsigned i = 0; i < ROUNDS; i++)
		host_ctrl_close(&h[i]);
	report_median(what, ms, ROUNDS, "ms");
}

/* With one spare, hosts that come without a pause find none. */
void
spawn_run(const struct ceiling *ceiling)
{
	struct target_options o = { .engine = engine_default(), .ram_only = true, .spares = 1 };
	struct target *t = target_get(&o);

	(void)ceiling;
	if (!target_answers(t))
		return;
	holders_start();
	pause_ms(5 * PAUSE_MS);
	measure_start(t);
	measure_connect(t, "Connect, a spare worker is there", PAUSE_MS);
	measure_connect(t, "Connect, no spare worker is there", 0);
	holders_stop();
	target_stop(t);
}
