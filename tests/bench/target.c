/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target: cellblockd of this build with a configuration of ours, started once for each way it
 * is to run and kept until the end. All of its processes inherit the processor they are pinned to.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { START_MS = 20000, STOP_MS = 20000, STEP_MS = 10 };

static struct target *targets;

static void
sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* A port that was free a moment ago. */
static unsigned
free_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s == -1 || bind(s, (struct sockaddr *)&sin, len) == -1 ||
	    getsockname(s, (struct sockaddr *)&sin, &len) == -1)
		err(1, "no free port");
	close(s);
	return (ntohs(sin.sin_port));
}

static bool
listens(unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = s != -1 && connect(s, (struct sockaddr *)&sin, sizeof(sin)) == 0;

	if (s != -1)
		close(s);
	return (yes);
}

/* Only what may be written by nobody else is a configuration. */
static FILE *
create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "w");

	if (f == NULL)
		err(1, "%s", path);
	return (f);
}

static void
write_service(FILE *f, const struct target *t)
{
	const struct target_options *o = &t->options;

	fprintf(f, "service:\n  control-socket: %s/control\n  state-dir: none\n"
	    "  sandbox: prefer\n  log-level: warning\n", t->dir);
	if (o->spares > 0)
		fprintf(f, "  spares: %u\n", o->spares);
	if (o->engine != NULL && strcmp(o->engine, "default") != 0)
		fprintf(f, "  engine: %s\n", o->engine);
	if (target_knows("service", "lanes: 1"))
		fprintf(f, "  lanes: %u\n", o->lanes > 0 ? o->lanes : 1);
	if (o->busy_poll > 0)
		fprintf(f, "  busy-poll: %u\n", o->busy_poll);
}

static void
write_limits(FILE *f)
{
	fprintf(f, "transport:\n  header-digest: permit\n  data-digest: permit\n"
	    "limits:\n  controllers: 4096\n  controllers-per-host: 4096\n"
	    "  greetings: 1024\n  greetings-per-source: 1024\n");
}

static void
write_namespaces(FILE *f, const struct target *t)
{
	static const char *const cache_of[BACKEND_MAX] = { "", "page", "none" };
	bool cache = target_knows("namespace", "cache: page");

	fprintf(f, "subsystems:\n- nqn: " BENCH_NQN "\n  allow-any-host: true\n  namespaces:\n"
	    "  - {nsid: %d, ram: %lluK, block-size: 4096}\n", BACKEND_RAM + 1,
	    (unsigned long long)settings.ram >> 10);
	for (int b = BACKEND_FILE; b < BACKEND_MAX; b++)
		if (target_has(t, (enum backend)b))
			fprintf(f, "  - {nsid: %d, path: '%s', block-size: 4096%s%s}\n", b + 1,
			    t->path[b], cache ? ", cache: " : "",
			    cache ? cache_of[b] : "");
}

static void
write_config(const struct target *t, const char *path)
{
	FILE *f = create(path);

	write_service(f, t);
	fprintf(f, "listeners: [{address: 127.0.0.1:%s}]\n", t->port);
	write_limits(f);
	write_namespaces(f, t);
	if (fclose(f) != 0)
		err(1, "%s", path);
}

/* In the child: become the warden. */
static void
become(const struct target *t, char *const *argv, const char *log)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setpgid(0, 0);
	dup2(null, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (!t->options.all_cpus)
		cpu_pin(settings.server_cpu);
	else
		cpu_pin_both(settings.server_cpu, settings.client_cpu);
	execv(argv[0], argv);
	_exit(127);
}

static pid_t
run(const struct target *t, char *const *argv, const char *log)
{
	pid_t pid = fork();

	if (pid == -1)
		err(1, "fork");
	if (pid == 0)
		become(t, argv, log);
	return (pid);
}

/* Does cellblockd take "key: value" in this block? Asked once for each, by its own check. */
bool
target_knows(const char *block, const char *key)
{
	static struct { char key[48]; bool known; } asked[16];
	static unsigned n;
	struct target t = { .options.all_cpus = true };
	char path[300], log[300];
	char *argv[] = { (char *)(uintptr_t)settings.cellblockd, (char *)(uintptr_t)"-n",
		(char *)(uintptr_t)"-f", path, NULL };
	bool ns = strcmp(block, "namespace") == 0;
	int status;
	FILE *f;

	for (unsigned i = 0; i < n; i++)
		if (strcmp(asked[i].key, key) == 0)
			return (asked[i].known);
	snprintf(path, sizeof(path), "%s/probe.yaml", settings.dir);
	snprintf(log, sizeof(log), "%s/probe.log", settings.dir);
	f = create(path);
	if (!ns)
		fprintf(f, "service: {%s}\n", key);
	fprintf(f, "listeners: [{address: 127.0.0.1:4420}]\nsubsystems: [{nqn: " BENCH_NQN
	    ", allow-any-host: true, namespaces: [{nsid: 1, path: %s/none%s%s}]}]\n",
	    settings.dir, ns ? ", " : "", ns ? key : "");
	fclose(f);
	waitpid(run(&t, argv, log), &status, 0);
	if (n < sizeof(asked) / sizeof(asked[0])) {
		snprintf(asked[n].key, sizeof(asked[n].key), "%s", key);
		asked[n++].known = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool
is_same(const struct target_options *a, const struct target_options *b)
{
	const char *mine = a->engine != NULL ? a->engine : "";
	const char *other = b->engine != NULL ? b->engine : "";

	return (strcmp(mine, other) == 0 &&
	    a->lanes == b->lanes && a->busy_poll == b->busy_poll && a->spares == b->spares &&
	    a->all_cpus == b->all_cpus && a->ram_only == b->ram_only);
}

static void
show_log(const char *path)
{
	char line[512];
	FILE *f = fopen(path, "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		fputs(line, stderr);
	if (f != NULL)
		fclose(f);
}

static void
wait_until_it_listens(struct target *t, const char *log)
{
	int status;

	for (int ms = 0; ms < START_MS; ms += STEP_MS) {
		if (waitpid(t->pid, &status, WNOHANG) == t->pid) {
			t->pid = 0;
			break;
		}
		if (listens((unsigned)strtoul(t->port, NULL, 10)))
			return;
		sleep_ms(STEP_MS);
	}
	show_log(log);
	errx(1, "the target did not start");
}

/* The target that runs like this; it is started if there is none. */
struct target *
target_get(const struct target_options *o)
{
	static unsigned number;
	char path[300], log[300];
	char *argv[] = { (char *)(uintptr_t)settings.cellblockd, (char *)(uintptr_t)"-d",
		(char *)(uintptr_t)"-f", path, NULL };
	struct target *t;

	for (t = targets; t != NULL; t = t->next)
		if (is_same(&t->options, o))
			return (t);
	if ((t = calloc(1, sizeof(*t))) == NULL)
		err(1, "target");
	t->options = *o;
	snprintf(t->port, sizeof(t->port), "%u", free_port());
	snprintf(path, sizeof(path), "%s/target-%u.yaml", settings.dir, ++number);
	snprintf(log, sizeof(log), "%s/target-%u.log", settings.dir, number);
	snprintf(t->dir, sizeof(t->dir), "%s/%u", settings.dir, number);
	if (mkdir(t->dir, 0755) == -1)
		err(1, "%s", t->dir);
	disks_make(t);
	write_config(t, path);
	t->next = targets;
	targets = t;
	t->pid = run(t, argv, log);
	wait_until_it_listens(t, log);
	return (t);
}

void
target_stop(struct target *t)
{
	struct target **at = &targets;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (t->pid > 0) {
		kill(t->pid, SIGTERM);
		for (int ms = 0; ms < STOP_MS && waitpid(t->pid, NULL, WNOHANG) == 0; ms += STEP_MS)
			sleep_ms(STEP_MS);
	}
	disks_remove(t);
	free(t);
}

void
target_stop_all(void)
{
	while (targets != NULL)
		target_stop(targets);
}

/* The process of a controller, as cellblockctl says. */
pid_t
target_worker(const struct target *t, unsigned cntlid)
{
	char command[800], line[512];
	unsigned id, pid, found = 0;
	FILE *f;

	snprintf(command, sizeof(command), "'%s' -s '%s/control' sessions", settings.cellblockctl,
	    t->dir);
	if ((f = popen(command, "r")) == NULL)
		err(1, "cellblockctl");
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, " %u %u", &id, &pid) == 2 && id == cntlid)
			found = pid;
	pclose(f);
	if (found == 0)
		errx(1, "cellblockctl does not name controller %u", cntlid);
	return ((pid_t)found);
}
