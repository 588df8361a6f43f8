/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblockctl: what a person or a cluster manager types. Asks the broker over its control socket and
 * prints what comes back, as a table or as JSON. Holds no right of its own: the socket's mode and the
 * broker decide.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/ana.h"
#include "broker/ctl_print.h"
#include "common/ipc.h"

#define ANSWER_MS 10000
#define CHANGE_MS 300000	/* a change ends workers that hang, and waits for their writes */

static struct answer {
	struct ctl_reply reply;
	int fd;
	struct ctl_done done;
} answer = { .fd = -1 };

struct options {
	const char *listener;
	bool json;
	char **arg;			/* behind the command */
	int narg;
};

IPC_RECEIVER(from_broker, IPC_BROKER_TO_CTL)

static int
on_ctl_reply(void *ctx, const struct ctl_reply *p, int *fds)
{
	struct answer *a = ctx;

	a->reply = *p;
	a->fd = fds[0];
	fds[0] = -1;
	return (0);
}

static int
on_ctl_done(void *ctx, const struct ctl_done *p, int *fds)
{
	struct answer *a = ctx;

	(void)fds;
	a->done = *p;
	a->done.text[sizeof(a->done.text) - 1] = '\0';
	return (0);
}

static const struct command {
	const char *name;
	enum ctl_what what;
	size_t record_size;
	void (*print)(const void *records, uint32_t count, bool json);
	const char *args, *help;
	int nargs;			/* with them it is set, without it is shown */
} commands[] = {
	{ "sessions", CTL_SESSIONS, sizeof(struct ctl_session), print_sessions, "",
	    "controllers: who is connected, from where, with what", 0 },
	{ "namespaces", CTL_NAMESPACES, sizeof(struct ctl_namespace), print_namespaces, "",
	    "namespaces: size, identity, state, users", 0 },
	{ "rescan", CTL_RESCAN, sizeof(struct ctl_namespace), print_namespaces, "",
	    "look for new sizes now, and show the namespaces", 0 },
	{ "ana", CTL_ANA, sizeof(struct ctl_ana), print_ana, "[NQN GROUP STATE]",
	    "ANA groups: their states, or a new one", 3 },
};

static int
usage(FILE *to)
{
	fprintf(to, "usage: cellblockctl [-s SOCKET] COMMAND [--json] [--listener LISTENER]\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "  %-10s %-17s  %s\n", commands[i].name, commands[i].args,
		    commands[i].help);
	return (2);
}

/* The service's socket, or that of a cellblockd started by this user. */
static const char *
default_socket(void)
{
	static char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *run = getenv("XDG_RUNTIME_DIR");
	int n;

	if (geteuid() != 0 && run != NULL) {
		n = snprintf(path, sizeof(path), "%s/cellblock/control", run);
		if (n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0)
			return (path);
	}
	return ("/run/cellblock/control");
}

static int
dial(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path)) {
		fprintf(stderr, "cellblockctl: %s: longer than a socket's name can be\n", path);
		return (-1);
	}
	if ((fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		fprintf(stderr, "cellblockctl: %s: %s; is cellblockd running, and may you use "
		    "its control socket?\n", path, strerror(errno));
		if (fd != -1)
			close(fd);
		return (-1);
	}
	return (fd);
}

static int
no_answer(const char *why)
{
	fprintf(stderr, "cellblockctl: no answer: %s\n", why[0] != '\0' ? why : strerror(errno));
	return (-1);
}

static int
wait_answer(int fd, int ms)
{
	struct ipc_peer peer = { .fd = fd, .in = &from_broker, .ctx = &answer, .state = S_UP };

	return (ipc_dispatch_wait(&peer, ms) == 1 ? 0 : no_answer(peer.why));
}

static int
ask(int fd, const struct command *cmd)
{
	struct ctl_request request = { .what = cmd->what, .version = CTL_VERSION };

	if (IPC_SEND(fd, CTL_REQUEST, &request) == -1)
		return (no_answer(""));
	if (wait_answer(fd, ANSWER_MS) == -1)
		return (-1);
	if (answer.reply.what != (uint32_t)cmd->what ||
	    answer.reply.record_size != cmd->record_size) {
		fprintf(stderr, "cellblockctl: the service is of another version\n");
		return (-1);
	}
	return (0);
}

static int
show(const struct command *cmd, bool json)
{
	size_t size = (size_t)answer.reply.count * cmd->record_size;
	struct stat st;
	void *p = NULL;

	if (fstat(answer.fd, &st) == -1 || (uint64_t)st.st_size < size) {
		fprintf(stderr, "cellblockctl: the answer is short\n");
		return (-1);
	}
	if (size > 0) {
		p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, answer.fd, 0);
		if (p == MAP_FAILED) {
			fprintf(stderr, "cellblockctl: mmap: %s\n", strerror(errno));
			return (-1);
		}
	}
	cmd->print(p, answer.reply.count, json);
	if (p != NULL)
		munmap(p, size);
	return (fflush(stdout) == 0 ? 0 : -1);
}

/* ---- ana NQN GROUP STATE ---- */

static int
wrong(const char *what, const char *text)
{
	fprintf(stderr, "cellblockctl: '%s' is no %s\n", text, what);
	return (-1);
}

static int
fill_ana(const struct options *o, struct ctl_ana_set *m)
{
	char *end;
	int state = ana_state_number(o->arg[2]);

	memset(m, 0, sizeof(*m));
	m->version = CTL_VERSION;
	m->group = (uint32_t)strtoul(o->arg[1], &end, 10);
	m->state = (uint32_t)state;
	if (o->arg[1][0] < '0' || o->arg[1][0] > '9' || *end != '\0')
		return (wrong("number of a group", o->arg[1]));
	if (state == -1)
		return (wrong("state (optimized, non-optimized, inaccessible, persistent-loss, "
		    "change, configured)", o->arg[2]));
	if (strlcpy(m->subnqn, o->arg[0], sizeof(m->subnqn)) >= sizeof(m->subnqn))
		return (wrong("NQN", o->arg[0]));
	if (o->listener != NULL && (o->listener[0] == '\0' ||
	    strlcpy(m->listener, o->listener, sizeof(m->listener)) >= sizeof(m->listener)))
		return (wrong("listener", o->listener));
	return (0);
}

static int
set_ana(int fd, const struct options *o)
{
	struct ctl_ana_set m;

	if (fill_ana(o, &m) == -1)
		return (2);
	if (IPC_SEND(fd, CTL_ANA_SET, &m) == -1)
		return (no_answer("") == 0 ? 0 : 1);
	if (wait_answer(fd, CHANGE_MS) == -1)
		return (1);
	if (answer.done.failed)
		fprintf(stderr, "cellblockctl: %s\n", answer.done.text);
	return (answer.done.failed ? 1 : 0);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return (&commands[i]);
	return (NULL);
}

static int
run(const char *path, const struct command *cmd, const struct options *o)
{
	int fd = dial(path);

	if (fd == -1)
		return (1);
	if (o->narg > 0)
		return (set_ana(fd, o));
	return (ask(fd, cmd) == -1 || show(cmd, o->json) == -1 ? 1 : 0);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "listener", required_argument, NULL, 'l' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = default_socket();
	struct options o = { 0 };
	const struct command *cmd;
	int c;

	while ((c = getopt_long(argc, argv, "hjl:s:V", options, NULL)) != -1) {
		if (c == 'j')
			o.json = true;
		else if (c == 'l')
			o.listener = optarg;
		else if (c == 's')
			path = optarg;
		else if (c == 'V')
			return (printf("cellblockctl %s\n", PACKAGE_VERSION) < 0);
		else
			return (c == 'h' ? (usage(stdout), 0) : usage(stderr));
	}
	if (optind >= argc)
		return (usage(stderr));
	if ((cmd = find_command(argv[optind])) == NULL) {
		fprintf(stderr, "cellblockctl: no command '%s'\n", argv[optind]);
		return (usage(stderr));
	}
	o.arg = argv + optind + 1;
	o.narg = argc - optind - 1;
	if ((o.narg != 0 && o.narg != cmd->nargs) || (o.narg == 0 && o.listener != NULL))
		return (usage(stderr));
	return (run(path, cmd, &o));
}
