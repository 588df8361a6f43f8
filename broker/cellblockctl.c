/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblockctl: what a person types. Asks the broker over its control socket and prints what comes
 * back, as a table or as JSON. Holds no right of its own: the socket's mode and the broker decide.
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

#include "broker/ctl_print.h"
#include "common/ipc.h"

#define ANSWER_MS 10000

static struct answer {
	struct ctl_reply reply;
	int fd;
} answer = { .fd = -1 };

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

static const struct command {
	const char *name;
	enum ctl_what what;
	size_t record_size;
	void (*print)(const void *records, uint32_t count, bool json);
	const char *help;
} commands[] = {
	{ "sessions", CTL_SESSIONS, sizeof(struct ctl_session), print_sessions,
	    "controllers: who is connected, from where, with what" },
	{ "namespaces", CTL_NAMESPACES, sizeof(struct ctl_namespace), print_namespaces,
	    "namespaces: size, identity, state, users" },
};

static int
usage(FILE *to)
{
	fprintf(to, "usage: cellblockctl [-s SOCKET] COMMAND [--json]\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].help);
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
ask(int fd, const struct command *cmd)
{
	struct ctl_request request = { .what = cmd->what, .version = CTL_VERSION };
	struct ipc_peer peer = { .fd = fd, .in = &from_broker, .ctx = &answer, .state = S_UP };

	if (IPC_SEND(fd, CTL_REQUEST, &request) == -1 ||
	    ipc_dispatch_wait(&peer, ANSWER_MS) != 1) {
		fprintf(stderr, "cellblockctl: no answer: %s\n",
		    peer.why[0] != '\0' ? peer.why : strerror(errno));
		return (-1);
	}
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

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return (&commands[i]);
	return (NULL);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = default_socket();
	const struct command *cmd;
	bool json = false;
	int c, fd;

	while ((c = getopt_long(argc, argv, "hjs:V", options, NULL)) != -1) {
		if (c == 'j')
			json = true;
		else if (c == 's')
			path = optarg;
		else if (c == 'V')
			return (printf("cellblockctl %s\n", PACKAGE_VERSION) < 0);
		else
			return (c == 'h' ? (usage(stdout), 0) : usage(stderr));
	}
	if (optind != argc - 1)
		return (usage(stderr));
	if ((cmd = find_command(argv[optind])) == NULL) {
		fprintf(stderr, "cellblockctl: no command '%s'\n", argv[optind]);
		return (usage(stderr));
	}
	if ((fd = dial(path)) == -1 || ask(fd, cmd) == -1 || show(cmd, json) == -1)
		return (1);
	return (0);
}
