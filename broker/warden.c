/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblockd, the warden: command line and start. The rooms are in warden.h. It looks at its
 * arguments only as far as it must and passes them to the broker as they are.
 */
#include "config.h"

#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <libutil.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

#define EXIT_USAGE 2

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
make_dead_end(struct warden *w)
{
	int fd[2];

	if (ipc_pair(fd) == -1)
		return (-1);
	close(fd[1]);
	w->dead_end = fd[0];
	return (0);
}

static int
run(struct warden *w)
{
	sigset_t while_waiting;
	struct programs p;

	raise_files();
	if (sockets_hold(w) == -1 || make_dead_end(w) == -1 || programs_open(w, &p) == -1)
		return (1);
	spawn_prepare(w);
	warden_catch_signals(&while_waiting);
	if (broker_start(w, &p) == -1)
		return (1);
	warden_loop(w, &while_waiting);
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
	warden_tell_parent(&w, status);
	return (status);
}
