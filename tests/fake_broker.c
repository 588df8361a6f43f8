/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in for each program that the warden starts, so that a test can be all of them. As
 * cellblock-broker it passes every message between the warden and the test's socket (the file
 * after -f), good or bad, with its descriptors; a message of one byte from the test is its exit
 * status. As any other role it sends back its first words and all else that it hears, descriptors
 * too, and lives until end of file.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL 3

struct datagram {
	char bytes[8192];
	_Alignas(8) char control[CMSG_SPACE(16 * sizeof(int))];
	struct iovec iov;
	struct msghdr msg;
};

static ssize_t
take(int fd, struct datagram *d)
{
	d->iov = (struct iovec){ d->bytes, sizeof(d->bytes) };
	d->msg = (struct msghdr){ .msg_iov = &d->iov, .msg_iovlen = 1, .msg_control = d->control,
	    .msg_controllen = sizeof(d->control) };
	return (recvmsg(fd, &d->msg, 0));
}

static void
close_fds(struct datagram *d)
{
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(&d->msg); cm != NULL; cm = CMSG_NXTHDR(&d->msg, cm))
		for (size_t i = 0; i < (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(fd));
			close(fd);
		}
}

static void
give(int fd, struct datagram *d, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	d->iov.iov_len = n;
	while (sendmsg(fd, &d->msg, MSG_NOSIGNAL) == -1 && errno == EAGAIN)
		poll(&p, 1, -1);
	close_fds(d);
}

static void
be_broker(int test)
{
	struct pollfd p[2] = { { CONTROL, POLLIN, 0 }, { test, POLLIN, 0 } };
	static struct datagram d;
	ssize_t n;

	while (poll(p, 2, -1) > 0) {
		if (p[0].revents != 0 && (n = take(CONTROL, &d)) > 0)
			give(test, &d, (size_t)n);
		else if (p[0].revents != 0) {
			shutdown(test, SHUT_WR);	/* the test may still have words */
			p[0].fd = -1;
		}
		if (p[1].revents == 0)
			continue;
		if ((n = take(test, &d)) <= 0)
			exit(0);
		if (n == 1)
			exit(d.bytes[0]);
		give(CONTROL, &d, (size_t)n);
	}
}

static int
find_test(int argc, char **argv)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "-f") == 0)
			snprintf(un.sun_path, sizeof(un.sun_path), "%s", argv[i + 1]);
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == -1)
		exit(9);
	return (fd);
}

/* A worker and an opener get two messages, a listener one. */
static void
be_child(const char *name)
{
	struct pollfd p = { CONTROL, POLLIN, 0 };
	static struct datagram d[2];
	int n = strcmp(name, "cellblock-listener") == 0 ? 1 : 2;
	ssize_t len[2];

	for (int i = 0; i < n; i++) {
		poll(&p, 1, -1);
		len[i] = take(CONTROL, &d[i]);
		d[i].msg.msg_controllen = 0;
	}
	for (int i = 0; i < n; i++)
		give(CONTROL, &d[i], (size_t)len[i]);
	while (poll(&p, 1, -1) > 0 && (len[0] = take(CONTROL, &d[0])) > 0)
		give(CONTROL, &d[0], (size_t)len[0]);
}

int
main(int argc, char **argv)
{
	if (strcmp(argv[0], "cellblock-broker") == 0)
		be_broker(find_test(argc, argv));
	else
		be_child(argv[0]);
	return (0);
}
