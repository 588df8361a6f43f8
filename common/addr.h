/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket addresses as our processes tell them to each other (struct ipc_addr): made from the
 * kernel's, compared, written for people. Pure: no name is ever resolved here.
 */
#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H

#include <sys/socket.h>

#include <stdbool.h>

#include "common/ipc_payload.h"

#define ADDR_TEXT_SIZE	64	/* "[address%scope]:port" and a NUL */

/* IPv4 addresses inside IPv6 (::ffff:a.b.c.d) become IPv4. What is neither IPv4 nor IPv6 gives
 * family 0. */
void	addr_from_sockaddr(struct ipc_addr *, const struct sockaddr *, socklen_t len);

/* Returns the length; 0 for family 0. */
socklen_t addr_to_sockaddr(const struct ipc_addr *, struct sockaddr_storage *);

/* Is it one of AF_INET, AF_INET6 and, where none is permitted, 0? */
bool	addr_ok(const struct ipc_addr *, bool none_permitted);

/* The same machine: family, address and scope; ports are not looked at. */
bool	addr_same_host(const struct ipc_addr *, const struct ipc_addr *);
/* Who can change its address that far is one source: an IPv4 address, an IPv6 /64. */
bool	addr_same_source(const struct ipc_addr *, const struct ipc_addr *);
bool	addr_is_wildcard(const struct ipc_addr *);
bool	addr_is_loopback(const struct ipc_addr *);
bool	addr_is_link_local(const struct ipc_addr *);	/* of IPv6: fe80::/10 */

/* "192.0.2.1:4420", "[2001:db8::1]:4420", "none". Returns text. */
const char *addr_format(const struct ipc_addr *, char text[ADDR_TEXT_SIZE]);

/* The same without port and brackets. */
const char *addr_format_host(const struct ipc_addr *, char text[ADDR_TEXT_SIZE]);

#endif
