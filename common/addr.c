/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket addresses between our processes: see addr.h. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "common/addr.h"

static size_t
addr_len(const struct ipc_addr *a)
{
	return (a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0);
}

static void
from_in6(struct ipc_addr *a, const struct sockaddr_in6 *in6)
{
	a->port = ntohs(in6->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		a->family = AF_INET;
		memcpy(a->addr, in6->sin6_addr.s6_addr + 12, 4);
		return;
	}
	a->family = AF_INET6;
	a->scope = in6->sin6_scope_id;
	memcpy(a->addr, &in6->sin6_addr, 16);
}

void
addr_from_sockaddr(struct ipc_addr *a, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(a, 0, sizeof(*a));
	if (len >= sizeof(in) && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		a->family = AF_INET;
		a->port = ntohs(in.sin_port);
		memcpy(a->addr, &in.sin_addr, 4);
	} else if (len >= sizeof(in6) && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		from_in6(a, &in6);
	}
}

socklen_t
addr_to_sockaddr(const struct ipc_addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port),
	    .sin6_scope_id = a->scope };

	memset(ss, 0, sizeof(*ss));
	memcpy(&in.sin_addr, a->addr, 4);
	memcpy(&in6.sin6_addr, a->addr, 16);
	if (a->family == AF_INET)
		memcpy(ss, &in, sizeof(in));
	else if (a->family == AF_INET6)
		memcpy(ss, &in6, sizeof(in6));
	return (a->family == AF_INET ? sizeof(in) : a->family == AF_INET6 ? sizeof(in6) : 0);
}

bool
addr_ok(const struct ipc_addr *a, bool none_permitted)
{
	return (a->family == AF_INET || a->family == AF_INET6 ||
	    (a->family == 0 && none_permitted));
}

bool
addr_same_host(const struct ipc_addr *a, const struct ipc_addr *b)
{
	return (a->family == b->family && a->scope == b->scope &&
	    memcmp(a->addr, b->addr, addr_len(a)) == 0);
}

bool
addr_same_source(const struct ipc_addr *a, const struct ipc_addr *b)
{
	return (a->family == b->family && a->scope == b->scope &&
	    memcmp(a->addr, b->addr, a->family == AF_INET6 ? 8 : addr_len(a)) == 0);
}

bool
addr_is_wildcard(const struct ipc_addr *a)
{
	static const uint8_t zero[16];

	return (memcmp(a->addr, zero, addr_len(a)) == 0);
}

bool
addr_is_loopback(const struct ipc_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return (a->addr[0] == 127);
	return (a->family == AF_INET6 && memcmp(a->addr, one, sizeof(one)) == 0);
}

bool
addr_is_link_local(const struct ipc_addr *a)
{
	return (a->family == AF_INET6 && a->addr[0] == 0xfe && (a->addr[1] & 0xc0) == 0x80);
}

const char *
addr_format_host(const struct ipc_addr *a, char text[ADDR_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN];

	if (addr_len(a) == 0 || inet_ntop(a->family, a->addr, host, sizeof(host)) == NULL)
		snprintf(text, ADDR_TEXT_SIZE, "none");
	else if (a->scope != 0)
		snprintf(text, ADDR_TEXT_SIZE, "%s%%%u", host, a->scope);
	else
		snprintf(text, ADDR_TEXT_SIZE, "%s", host);
	return (text);
}

const char *
addr_format(const struct ipc_addr *a, char text[ADDR_TEXT_SIZE])
{
	char host[ADDR_TEXT_SIZE];

	addr_format_host(a, host);
	if (a->family == AF_INET6)
		snprintf(text, ADDR_TEXT_SIZE, "[%.55s]:%u", host, a->port);
	else if (a->family == AF_INET)
		snprintf(text, ADDR_TEXT_SIZE, "%.55s:%u", host, a->port);
	else
		snprintf(text, ADDR_TEXT_SIZE, "none");
	return (text);
}
