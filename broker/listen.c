/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets, made before the sandbox closes: found among what the warden holds (from an
 * older broker or from the service manager), else made anew. cellblockctl's socket, too.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "common/addr.h"

#define BACKLOG 1024	/* connections wait here while there is no spare */

static int
set_option(int fd, int level, int name, int value)
{
	return (setsockopt(fd, level, name, &value, sizeof(value)));
}

/* Accepted sockets inherit NODELAY. */
static int
prepare(int fd, const struct config_address *a, int family)
{
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) == -1 ||
	    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) == -1)
		return (-1);
	if (family != AF_INET6)
		return (0);
	return (set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, a->family != CONFIG_ANY));
}

static int
make_socket(const struct config_address *a)
{
	struct sockaddr_storage ss;
	socklen_t len = config_address_sockaddr(a, &ss);
	int fd, saved;

	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 && errno == EAFNOSUPPORT && a->family == CONFIG_ANY) {
		/* no IPv6 in this kernel: "*" is IPv4's then */
		struct config_address four = { .family = CONFIG_INET, .port = a->port };

		return (make_socket(&four));
	}
	if (fd == -1)
		return (-1);
	if (prepare(fd, a, ss.ss_family) == 0 && bind(fd, (struct sockaddr *)&ss, len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return (fd);
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}

static struct held *
hold_new(struct broker *b, uint32_t kind, const uint8_t key[HELD_KEY_SIZE], int fd)
{
	struct held *h = held_put(&b->held, kind, key, fd);

	if (h == NULL)
		broker_fatal("out of memory");
	warden_hold(b, h);
	return (h);
}

/* By address: ours. */
static struct held *
find_or_make(struct broker *b, const struct config_listener *c, char *text)
{
	uint8_t key[HELD_KEY_SIZE];
	struct held *h;
	int fd;

	config_address_format(&c->address, text);
	held_key(key, HOLD_LISTEN, text, 0, 0);
	if ((h = held_find(&b->held, HOLD_LISTEN, key)) != NULL)
		return (h);
	if ((fd = make_socket(&c->address)) == -1) {
		log_err("listeners: %s; is another service there? (ss -tlnp)", text);
		return (NULL);
	}
	return (hold_new(b, HOLD_LISTEN, key, fd));
}

/* By name: the service manager's, as the warden was given them; the n-th of that name. */
static struct held *
find_named(struct broker *b, const char *name, uint32_t n)
{
	uint8_t key[HELD_KEY_SIZE] = { 0 };
	size_t len = strlen(name);

	if (len >= IPC_SYSTEMD_NAME_SIZE)
		return (NULL);
	memcpy(key, name, len);
	memcpy(key + IPC_SYSTEMD_NAME_SIZE, &n, sizeof(n));
	return (held_find(&b->held, HOLD_SYSTEMD, key));
}

static int
add(struct broker *b, const struct config_listener *c, struct held *h, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct listening *l;

	l = reallocarray(b->listening, b->nlistening + 1, sizeof(*l));
	if (l == NULL)
		broker_fatal("out of memory");
	b->listening = l;
	l += b->nlistening++;
	*l = (struct listening){ .config = c, .held = h };
	h->wanted = true;
	if (getsockname(h->fd, (struct sockaddr *)&ss, &len) == -1) {
		log_err("listeners: %s", text);
		return (-1);
	}
	addr_from_sockaddr(&l->address, (struct sockaddr *)&ss, len);
	if (l->address.family == 0) {
		log_errx("listeners: %s: not a TCP socket", text);
		return (-1);
	}
	if (c->socket[0] != '\0' && c->address.port != 0 &&
	    !config_address_equal(&c->address, &l->address)) {
		log_errx("listeners: the socket named %s is bound to another address", text);
		return (-1);
	}
	return (0);
}

/* One name may stand for several sockets: all of them, then. */
static int
open_named(struct broker *b, const struct config_listener *c)
{
	struct held *h;
	uint32_t n = 0;
	int r = 0;

	for (; (h = find_named(b, c->socket, n)) != NULL; n++)
		if (add(b, c, h, c->socket) == -1)
			r = -1;
	if (n > 0)
		return (r);
	log_errx("listeners: no socket named %s was passed; see FileDescriptorName= in "
	    "systemd.socket(5)", c->socket);
	return (-1);
}

static int
open_one(struct broker *b, const struct config_listener *c)
{
	char text[CONFIG_ADDRESS_SIZE];
	struct held *h;

	if (c->socket[0] != '\0')
		return (open_named(b, c));
	if ((h = find_or_make(b, c, text)) == NULL)
		return (-1);
	return (add(b, c, h, text));
}

int
listen_open_all(struct broker *b)
{
	int r = 0;

	for (size_t i = 0; i < b->config->nlisteners; i++)
		if (open_one(b, &b->config->listeners[i]) == -1)
			r = -1;
	return (r);
}

uint32_t
listen_index(const struct broker *b, const struct ipc_addr *local)
{
	uint32_t found = UINT32_MAX;

	for (uint32_t i = 0; i < b->nlistening; i++) {
		const struct ipc_addr *a = &b->listening[i].address;

		if (a->port != local->port)
			continue;
		if (addr_same_host(a, local))
			return (i);
		/* [::] may be IPv4's, too */
		if (addr_is_wildcard(a) && (a->family == local->family || a->family == AF_INET6))
			found = i;
	}
	return (found);
}

/* ---- cellblockctl's socket ---- */

static void
make_parent(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) != NULL && slash != dir) {
		*slash = '\0';
		mkdir(dir, 0755);	/* if it is there already, so much the better */
	}
}

/* The socket that the last service left goes; one that somebody answers on (or has no time to) is
 * somebody's, and so is all that is no socket. */
static int
clear_the_way(const struct sockaddr_un *sun)
{
	struct stat st;
	int fd, r;

	if (lstat(sun->sun_path, &st) == -1)
		return (errno == ENOENT ? 0 : -1);
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return (-1);
	}
	if ((fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return (-1);
	r = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ? 0 : errno;
	close(fd);
	if (r != ECONNREFUSED) {
		errno = EADDRINUSE;
		return (-1);
	}
	return (unlink(sun->sun_path));
}

static int
make_control(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, r;

	if ((size_t)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	make_parent(path);
	if (clear_the_way(&sun) == -1 ||
	    (fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return (-1);
	mask = umask(0117);
	r = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (r == 0 && listen(fd, CTL_CLIENTS) == 0)
		return (fd);
	r = errno;
	close(fd);
	errno = r;
	return (-1);
}

int
listen_control(struct broker *b)
{
	const char *path = b->config->service.control_socket;
	uint8_t key[HELD_KEY_SIZE];
	struct held *h;
	int fd;

	if (path == NULL)
		return (-1);
	held_key(key, HOLD_CONTROL, path, 0, 0);
	if ((h = held_find(&b->held, HOLD_CONTROL, key)) == NULL) {
		/* the service is of use without it */
		if ((fd = make_control(path)) == -1) {
			log_warn("control-socket: %s: cellblockctl will not work", path);
			return (-1);
		}
		h = hold_new(b, HOLD_CONTROL, key, fd);
	}
	h->wanted = true;
	return (h->fd);
}
