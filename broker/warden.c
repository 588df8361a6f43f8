/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblockd, the warden: command line, signals, and the loop. The rooms are in warden.h. It looks
 * at its arguments only as far as it must and passes them to the broker as they are.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libutil.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

#define EXIT_USAGE 2
#define TICK_MS 1000

static volatile sig_atomic_t got_chld, got_term, got_hup;

uint64_t
warden_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

/* ---- what brokers cause ---- */

static void
tell_parent(struct warden *w, int status)
{
	uint8_t byte = (uint8_t)status;

	if (w->parent == -1)
		return;
	if (write(w->parent, &byte, 1) == -1)
		log_debug("the process that started us is gone");
	close(w->parent);
	w->parent = -1;
}

void
warden_went(struct warden *w)
{
	w->restart_ms = 0;
	if (!w->went)
		tell_parent(w, 0);
	w->went = true;
	notify_ready();
	log_info("broker %u is in charge, pid %d", w->current->number, (int)w->current->pid);
}

void
warden_stays(struct warden *w)
{
	log_errx("reload failed; broker %u stays in charge; see what the new one said",
	    w->current->number);
	notify_ready();
}

void
warden_restart(struct warden *w, bool quickly)
{
	if (!quickly)
		w->backoff_ms = 0;
	w->restart_ms = warden_now_ms() + w->backoff_ms;
	w->backoff_ms = w->backoff_ms == 0 ? BACKOFF_MIN_MS : w->backoff_ms * 2;
	if (w->backoff_ms > BACKOFF_MAX_MS)
		w->backoff_ms = BACKOFF_MAX_MS;
}

void
warden_finish(struct warden *w, int status)
{
	if (w->killed_ms != 0)
		return;
	w->status = status;
	w->killed_ms = warden_now_ms();
	child_kill_all(w);
}

/* ---- what signals cause ---- */

static void
start_again(struct warden *w)
{
	struct programs p = w->programs;

	w->restart_ms = 0;
	if (p.fd[ROLE_BROKER] == -1 && programs_open(w, &p) == -1) {
		warden_restart(w, true);
		return;
	}
	for (int role = 0; role < ROLE_MAX; role++)
		w->programs.fd[role] = -1;
	if (broker_start(w, &p) == -1)
		warden_restart(w, true);
}

/* A new broker, from the binaries as they are now. */
static void
reload(struct warden *w)
{
	if (w->stopping)
		return;
	w->reload = w->next != NULL;
	if (w->reload)
		return;		/* after that one */
	programs_close(&w->programs);
	if (w->current == NULL) {
		w->restart_ms = warden_now_ms();
		return;
	}
	notify_reloading();
	if (programs_open(w, &w->programs) == -1 || broker_start(w, &w->programs) == -1)
		warden_stays(w);
	for (int role = 0; role < ROLE_MAX; role++)
		w->programs.fd[role] = -1;	/* they are the broker's, or closed */
}

static void
stop(struct warden *w)
{
	struct ipc_empty none = { 0 };

	if (w->stopping) {
		/* the second time: at once, but not for a group and its leader told alike */
		if (warden_now_ms() >= w->stop_ms + STOP_TWICE_MS)
			warden_finish(w, 0);
		return;
	}
	w->stopping = true;
	w->stop_ms = warden_now_ms();
	w->restart_ms = 0;
	notify_stopping();
	log_info("stopping");
	if (w->next != NULL)
		broker_end(w->next, "stopping");
	if (w->current == NULL)
		warden_finish(w, 0);
	else if (w->current->phase == BROKER_IN_CHARGE)
		BROKER_SEND(w->current, SHUTDOWN, &none);
}

static void
on_signal(int sig)
{
	if (sig == SIGCHLD)
		got_chld = 1;
	else if (sig == SIGHUP)
		got_hup = 1;
	else
		got_term = 1;
}

/* They are taken only while ppoll waits. */
static void
catch_signals(sigset_t *while_waiting)
{
	static const int caught[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		sigaction(caught[i], &sa, NULL);
		sigaddset(&blocked, caught[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &blocked, while_waiting);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigdelset(while_waiting, caught[i]);
}

static void
handle_signals(struct warden *w)
{
	if (got_chld) {
		got_chld = 0;
		child_reap(w);
	}
	if (got_term) {
		got_term = 0;
		stop(w);
	}
	if (got_hup || (w->reload && w->next == NULL)) {
		got_hup = 0;
		reload(w);
	}
}

/* ---- the loop ---- */

static void
handle_timers(struct warden *w)
{
	uint64_t now = warden_now_ms();

	if (w->current != NULL)
		broker_timers(w->current, now);
	if (w->next != NULL)
		broker_timers(w->next, now);
	if (w->restart_ms != 0 && now >= w->restart_ms && !w->stopping)
		start_again(w);
	/* without a broker nobody else would say that the workers serve on */
	if (w->went && w->current == NULL && now >= w->watchdog_ms + WATCHDOG_MS) {
		w->watchdog_ms = now;
		notify_watchdog();
	}
}

static int
timeout(const struct warden *w)
{
	uint64_t now = warden_now_ms(), due = now + TICK_MS;

	if (w->current != NULL && broker_due(w->current) < due)
		due = broker_due(w->current);
	if (w->next != NULL && broker_due(w->next) < due)
		due = broker_due(w->next);
	if (w->restart_ms != 0 && w->restart_ms < due)
		due = w->restart_ms;
	return (due <= now ? 0 : (int)(due - now));
}

static void
watch(const struct broker *b, struct pollfd *p)
{
	*p = (struct pollfd){ .fd = b == NULL ? -1 : b->peer.fd, .events = POLLIN };
	if (b != NULL && b->out.n > 0 && b->out.retry_ms == 0)
		p->events |= POLLOUT;
}

static void
serve(struct broker *b, const struct pollfd *p)
{
	if (b == NULL || p->fd == -1 || b->peer.fd != p->fd)
		return;
	if ((p->revents & POLLOUT) != 0)
		outbox_flush(&b->out, b->peer.fd, warden_now_ms());
	if ((p->revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		broker_read(b);
}

static bool
is_over(struct warden *w)
{
	struct child *c;

	if (w->killed_ms == 0)
		return (false);
	LIST_FOREACH(c, &w->children, entry)
		if (c->pid != 0)
			return (warden_now_ms() >= w->killed_ms + STOP_KILL_MS);
	return (true);
}

static void
loop(struct warden *w, const sigset_t *while_waiting)
{
	struct pollfd p[2];

	for (;;) {
		struct broker *current = w->current, *next = w->next;
		struct timespec ts;
		int ms = timeout(w);

		watch(current, &p[0]);
		watch(next, &p[1]);
		ts = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
		if (ppoll(p, 2, &ts, while_waiting) > 0) {
			serve(current, &p[0]);
			serve(next, &p[1]);
		}
		handle_signals(w);
		if (is_over(w))
			return;
		handle_timers(w);
	}
}

/* ---- start ---- */

static void
usage(void)
{
	fprintf(stderr, "usage: cellblockd [-dnvV] [-f FILE]\n"
	    "       cellblockd [-v] serve [option ...] BACKEND ...\n");
	exit(EXIT_USAGE);
}

struct options {
	bool foreground, check, version;
};

static void
parse(struct warden *w, struct options *o)
{
	int ch;

	while ((ch = getopt(w->argc, w->argv, "+df:nvV")) != -1)
		switch (ch) {
		case 'd': o->foreground = true; break;
		case 'f': break;
		case 'n': o->check = true; break;
		case 'v': w->verbose = true; break;
		case 'V': o->version = true; break;
		default: usage();
		}
	if (optind < w->argc) {
		if (strcmp(w->argv[optind], "serve") != 0)
			usage();
		o->foreground = true;	/* a person waits for it, Ctrl-C ends it */
	}
}

/* The broker's check in our place, with our exit status. */
static int
check(struct warden *w)
{
	static char name[] = "cellblock-broker";
	struct programs p;

	if (programs_open(w, &p) == -1)
		return (1);
	w->argv[0] = name;
	spawn_exec(p.fd[ROLE_BROKER], w->argv, environ);
	log_err("%s", name);
	return (1);
}

/* Every child costs two descriptors or three, and each broker gets them in messages. */
static void
raise_files(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

/* 0, 1 and 2 exist, so that nothing of ours gets their numbers. */
static void
fill_standard_fds(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR)) != -1 && fd <= STDERR_FILENO)
		;
	if (fd != -1)
		close(fd);
}

/* The process that was started waits until a broker is in charge, and exits with that. */
static void
into_background(struct warden *w)
{
	int fd[2];
	uint8_t status = 1;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) == -1 || (pid = fork()) == -1) {
		log_err("fork");
		exit(1);
	}
	if (pid != 0) {
		close(fd[1]);
		if (read(fd[0], &status, 1) != 1)
			status = 1;
		_exit(status);
	}
	close(fd[0]);
	w->parent = fd[1];
	setsid();
}

static struct pidfh *
write_pidfile(void)
{
	struct pidfh *pf;
	pid_t other = 0;

	if ((pf = pidfile_open(NULL, 0644, &other)) == NULL) {
		if (errno == EEXIST) {
			log_errx("cellblockd runs already, pid %d", (int)other);
			exit(1);
		}
		log_warn("pidfile");
		return (NULL);
	}
	pidfile_write(pf);
	return (pf);
}

static int
run(struct warden *w)
{
	sigset_t while_waiting;
	struct programs p;

	raise_files();
	if (notify_listen_fds(w) == -1 || programs_open(w, &p) == -1)
		return (1);
	spawn_prepare(w);
	catch_signals(&while_waiting);
	if (broker_start(w, &p) == -1)
		return (1);
	loop(w, &while_waiting);
	return (w->status);
}

int
main(int argc, char **argv)
{
	static struct warden w;
	struct options o = { false, false, false };
	struct pidfh *pidfile = NULL;
	int status;

	w.argc = argc;
	w.argv = argv;
	w.parent = -1;
	w.settings = (struct settings){ IPC_UID_BASE, 65536, false };
	for (int role = 0; role < ROLE_MAX; role++)
		w.programs.fd[role] = -1;
	LIST_INIT(&w.children);
	LIST_INIT(&w.held);
	fill_standard_fds();
	parse(&w, &o);
	log_open(w.verbose ? LOG_DEBUG : LOG_INFO);
	if (o.version) {
		puts(PACKAGE_STRING);
		return (0);
	}
	if (spawn_own_dir(argv[0], w.dir, sizeof(w.dir)) == -1)
		w.dir[0] = '\0';
	if (o.check)
		return (check(&w));
	if (!o.foreground) {
		into_background(&w);
		pidfile = write_pidfile();
	}
	status = run(&w);
	if (pidfile != NULL)
		pidfile_remove(pidfile);
	tell_parent(&w, status);
	return (status);
}
