/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench: options, and the order of things.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/stat.h>

#include <err.h>
#include <fnmatch.h>
#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

struct settings settings = {
	.cases = "*", .engines = "*", .backends = "*", .out = ".", .file_dir = NULL,
	.cellblockd = "broker/cellblockd", .cellblockctl = "broker/cellblockctl",
	.server_cpu = -1, .client_cpu = -1, .windows = 7, .seconds = 0.6, .ram = 256u << 20,
	.near_ns = 120, .wait_max = 0.03, .limit_s = 24 * 60,
};

volatile sig_atomic_t interrupted;
static struct ceiling ceiling;
static char work[64];
static pid_t self;
static uint64_t started;

static void
on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* Everything stops by itself; what there was no time for is named. */
bool
time_is_over(void)
{
	return (now_ns() - started > settings.limit_s * NS_PER_S);
}

bool
time_is_left(const char *name)
{
	if (!time_is_over())
		return (true);
	report_note("%-14s left out: %u s are over", name, settings.limit_s);
	return (false);
}

/* One of the patterns, with commas between them. */
bool
is_chosen(const char *patterns, const char *name)
{
	char copy[512], *rest = copy, *p;

	snprintf(copy, sizeof(copy), "%s", patterns);
	while ((p = strsep(&rest, ",")) != NULL)
		if (fnmatch(p, name, 0) == 0)
			return (true);
	return (false);
}

static void
usage(void)
{
	fprintf(stderr, "usage: bench [--quick | --full] [--cases PATTERN,...]\n"
	    "    [--engines PATTERN,...] [--backends PATTERN,...] [--windows N] [--seconds S]\n"
	    "    [--ram MiB] [--near NS] [--wait PERCENT] [--server-cpu N] [--client-cpu N]\n"
	    "    [--out DIR] [--disks DIR] [--verbose]\n");
	exit(2);
}

static const struct option options[] = {
	{ "backends", required_argument, NULL, 'b' },
	{ "cases", required_argument, NULL, 'c' },
	{ "client-cpu", required_argument, NULL, 'C' },
	{ "disks", required_argument, NULL, 'D' },
	{ "engines", required_argument, NULL, 'e' },
	{ "full", no_argument, NULL, 'f' },
	{ "near", required_argument, NULL, 'n' },
	{ "out", required_argument, NULL, 'o' },
	{ "quick", no_argument, NULL, 'q' },
	{ "ram", required_argument, NULL, 'r' },
	{ "seconds", required_argument, NULL, 's' },
	{ "server-cpu", required_argument, NULL, 'S' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "wait", required_argument, NULL, 'W' },
	{ "windows", required_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 },
};

/* Less than three minutes. What comes after it on the command line changes it. */
static void
set_quick(struct settings *s)
{
	s->quick = true;
	s->backends = "ram,file";
	s->windows = 3;
	s->seconds = 0.3;
	s->limit_s = 165;
}

static void
set(int c)
{
	struct settings *s = &settings;

	switch (c) {
	case 'b': s->backends = optarg; return;
	case 'c': s->cases = optarg; return;
	case 'C': s->client_cpu = atoi(optarg); return;
	case 'D': s->file_dir = optarg; return;
	case 'e': s->engines = optarg; return;
	case 'n': s->near_ns = atof(optarg); return;
	case 'o': s->out = optarg; return;
	case 'f': s->quick = false; return;
	case 'q': set_quick(s); return;
	case 'r': s->ram = strtoull(optarg, NULL, 10) << 20; return;
	case 's': s->seconds = atof(optarg); return;
	case 'S': s->server_cpu = atoi(optarg); return;
	case 'v': s->verbose = true; return;
	case 'W': s->wait_max = atof(optarg) / 100; return;
	case 'w': s->windows = (unsigned)atoi(optarg); return;
	default: usage();
	}
}

/* The first two processors that we may use, where the user did not say. */
static void
choose_cpus(void)
{
	int *want[] = { &settings.server_cpu, &settings.client_cpu };
	cpu_set_t set;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		err(1, "sched_getaffinity");
	for (int i = 0; i < 2; i++) {
		if (*want[i] != -1)
			continue;
		while (cpu < CPU_SETSIZE && (!CPU_ISSET(cpu, &set) || cpu == *want[1 - i]))
			cpu++;
		if (cpu == CPU_SETSIZE)
			errx(77, "two processors are needed");
		*want[i] = cpu++;
	}
}

static void
at_end(void)
{
	char command[128];

	if (getpid() != self)
		return;
	ceiling_stop(&ceiling);
	holders_stop();
	target_stop_all();
	snprintf(command, sizeof(command), "rm -rf '%s'", work);
	if (work[0] != '\0' && system(command) != 0)
		warnx("%s failed", command);
}

static void
prepare(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	self = getpid();
	started = now_ns();
	snprintf(work, sizeof(work), "/tmp/cellblock-bench.XXXXXX");
	if (mkdtemp(work) == NULL || chmod(work, 0755) == -1)
		err(1, "%s", work);
	atexit(at_end);
	settings.dir = work;
	if ((settings.file_dir = realpath(settings.file_dir != NULL ? settings.file_dir :
	    settings.out, NULL)) == NULL || access(settings.cellblockd, X_OK) == -1)
		err(1, "%s", settings.cellblockd);
	choose_cpus();
	prctl(PR_SET_TIMERSLACK, 1000);
}

static const struct group {
	const char *name;
	void (*run)(const struct ceiling *);
	bool quick;
} groups[] = {
	{ "lanes", lanes_run, false },
	{ "fairness", fairness_run, true },
	{ "spawn", spawn_run, true },
	{ "scale", scale_run, false },
};

static void
run_groups(void)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (!is_chosen(settings.cases, groups[i].name) ||
		    (settings.quick && !groups[i].quick) || !time_is_left(groups[i].name))
			continue;
		report_heading();
		groups[i].run(&ceiling);
	}
	cases_run(&ceiling);
}

int
main(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		set(c);
	if (optind != argc || settings.windows == 0 || settings.windows > WINDOWS_MAX / 4)
		usage();
	prepare();
	report_open(settings.out);
	ceiling_start(&ceiling, settings.server_cpu, settings.ram);
	cpu_pin(settings.client_cpu);
	run_groups();
	bars_judge_results();
	bars_print();
	plot_draw();
	report_close();
	return (0);
}
