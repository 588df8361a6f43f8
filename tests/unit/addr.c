/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: made from the kernel's, compared, written. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/addr.h"

static struct ipc_addr
v6(const char *text, uint16_t port, uint32_t scope)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port),
	    .sin6_scope_id = scope };
	struct ipc_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &sin6.sin6_addr), 1);
	addr_from_sockaddr(&a, (struct sockaddr *)&sin6, sizeof(sin6));
	return (a);
}

static struct ipc_addr
v4(const char *text, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct ipc_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &sin.sin_addr), 1);
	addr_from_sockaddr(&a, (struct sockaddr *)&sin, sizeof(sin));
	return (a);
}

static void
written(void **state)
{
	char text[ADDR_TEXT_SIZE];
	struct ipc_addr a;

	(void)state;
	a = v4("192.0.2.1", 4420);
	assert_string_equal(addr_format(&a, text), "192.0.2.1:4420");
	assert_string_equal(addr_format_host(&a, text), "192.0.2.1");
	a = v6("2001:db8::1", 8009, 0);
	assert_string_equal(addr_format(&a, text), "[2001:db8::1]:8009");
	assert_string_equal(addr_format_host(&a, text), "2001:db8::1");
	a = v6("fe80:1111:2222:3333:4444:5555:6666:7777", 65535, UINT32_MAX);
	assert_string_equal(addr_format(&a, text),
	    "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
	memset(&a, 0, sizeof(a));
	assert_string_equal(addr_format(&a, text), "none");
	assert_string_equal(addr_format_host(&a, text), "none");
}

static void
mapped(void **state)
{
	struct ipc_addr a = v6("::ffff:192.0.2.7", 9, 0), b = v4("192.0.2.7", 9);

	(void)state;
	assert_memory_equal(&a, &b, sizeof(a));
}

static void
compared(void **state)
{
	struct ipc_addr a = v4("192.0.2.1", 1), b = v4("192.0.2.1", 2), c = v4("192.0.2.2", 1);
	struct ipc_addr d = v6("fe80::1", 1, 2), e = v6("fe80::1", 1, 3);

	(void)state;
	assert_true(addr_same_host(&a, &b));
	assert_false(addr_same_host(&a, &c));
	assert_false(addr_same_host(&d, &e));
	assert_false(addr_same_host(&a, &d));
	assert_true(addr_same_source(&a, &b));
	assert_false(addr_same_source(&a, &c));
	assert_false(addr_same_source(&a, &d));
	d = v6("2001:db8::1", 1, 0);
	e = v6("2001:db8::ffff:0:0:2", 1, 0);
	assert_true(addr_same_source(&d, &e));
	e = v6("2001:db8:0:1::1", 1, 0);
	assert_false(addr_same_source(&d, &e));
	b = v4("0.0.0.0", 4420);
	d = v6("::", 4420, 0);
	assert_true(addr_is_wildcard(&b));
	assert_true(addr_is_wildcard(&d));
	assert_false(addr_is_wildcard(&a));
	assert_false(addr_is_loopback(&a));
	assert_false(addr_is_loopback(&d));
	a = v4("127.0.0.2", 1);
	d = v6("::1", 1, 0);
	assert_true(addr_is_loopback(&a));
	assert_true(addr_is_loopback(&d));
}

static void
link_local(void **state)
{
	static const struct { const char *text; bool is; } rows[] = {
		{ "fe80::1", true }, { "febf:ffff::1", true }, { "fec0::1", false },
		{ "fe7f::1", false }, { "::1", false }, { "2001:db8::fe80", false },
	};
	struct ipc_addr four = v4("254.128.0.1", 1);	/* the same first bytes */

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipc_addr a = v6(rows[i].text, 1, 0);

		assert_int_equal(addr_is_link_local(&a), rows[i].is);
	}
	assert_false(addr_is_link_local(&four));
}

static void
there_and_back(void **state)
{
	struct ipc_addr from[] = { v4("192.0.2.1", 4420), v6("fe80::1", 8009, 7) }, back;
	struct sockaddr_storage ss;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		addr_from_sockaddr(&back, (struct sockaddr *)&ss,
		    addr_to_sockaddr(&from[i], &ss));
		assert_memory_equal(&back, &from[i], sizeof(back));
	}
	memset(&back, 0, sizeof(back));
	assert_int_equal(addr_to_sockaddr(&back, &ss), 0);
}

static void
foreign(void **state)
{
	struct sockaddr sa = { .sa_family = AF_UNIX };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct ipc_addr a;

	(void)state;
	addr_from_sockaddr(&a, &sa, sizeof(sa));
	assert_int_equal(a.family, 0);
	addr_from_sockaddr(&a, (struct sockaddr *)&sin, sizeof(sin) - 1);
	assert_int_equal(a.family, 0);
	assert_false(addr_ok(&a, false));
	assert_true(addr_ok(&a, true));
	a.family = AF_UNIX;
	assert_false(addr_ok(&a, true));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written),
		cmocka_unit_test(mapped),
		cmocka_unit_test(compared),
		cmocka_unit_test(link_local),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(foreign),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
