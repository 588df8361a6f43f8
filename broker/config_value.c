/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text to value and back, one pair per kind of value: numbers, sizes, durations, identities,
 * addresses. Questions only: a value_ function says whether the text was right and fills its
 * result only then; nothing is reported and nothing is kept.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config_parse.h"
#include "common/nqn.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{"T", 1ULL << 40}, {"G", 1ULL << 30}, {"M", 1ULL << 20}, {"K", 1ULL << 10}, {"", 1}, {NULL, 0},
};

static const struct unit duration_units[] = {
	{"m", 60 * 1000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};

/* Decimal digits only: no sign, no space. Leaves *end behind them. */
static bool
digits(const char *text, const char **end, uint64_t *out)
{
	uint64_t v = 0;
	const char *s;

	for (s = text; *s >= '0' && *s <= '9'; s++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return (false);
	}
	*end = s;
	*out = v;
	return (s != text);
}

static bool
with_unit(const char *text, const struct unit *u, uint64_t *out)
{
	const char *end;
	uint64_t v;

	if (!digits(text, &end, &v))
		return (false);
	for (; u->name != NULL; u++) {
		if (strcmp(end, u->name) == 0)
			return (!__builtin_mul_overflow(v, u->factor, out));
	}
	return (false);
}

static const char *
format_unit(uint64_t v, const struct unit *u, char *buf)
{
	while (v % u->factor != 0 || (v == 0 && u->factor > 1))
		u++;
	snprintf(buf, VALUE_SIZE, "%" PRIu64 "%s", v / u->factor, u->name);
	return (buf);
}

bool
value_number(const char *text, uint64_t *out)
{
	const char *end;

	return (digits(text, &end, out) && *end == '\0');
}

bool
value_size(const char *text, uint64_t *bytes)
{
	return (with_unit(text, size_units, bytes));
}

bool
value_duration(const char *text, uint64_t *ms)
{
	return (with_unit(text, duration_units, ms));
}

const char *
format_size(uint64_t bytes, char *buf)
{
	return (format_unit(bytes, size_units, buf));
}

const char *
format_duration(uint64_t ms, char *buf)
{
	return (format_unit(ms, duration_units, buf));
}

bool
value_zero(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= b[i];
	return (any == 0);
}

static int
hex_digit(char c)
{
	const char *digit = "0123456789abcdef", *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	return (c != '\0' && (at = strchr(digit, c)) != NULL ? (int)(at - digit) : -1);
}

/* Exactly 2 * len digits, and not all of them zero, which would mean "none" on the wire. */
bool
value_hex(const char *text, uint8_t *out, size_t len)
{
	uint8_t v[16];

	if (len > sizeof(v) || strlen(text) != 2 * len)
		return (false);
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high == -1 || low == -1)
			return (false);
		v[i] = (uint8_t)(high << 4 | low);
	}
	if (value_zero(v, len))
		return (false);
	memcpy(out, v, len);
	return (true);
}

const char *
format_hex(const uint8_t *v, size_t len, char *buf)
{
	for (size_t i = 0; i < len && 2 * i + 2 < VALUE_SIZE; i++)
		snprintf(buf + 2 * i, 3, "%02x", v[i]);
	return (buf);
}

static bool
is_shaped_like(const char *text, const char *shape)
{
	for (; *shape != '\0'; shape++, text++) {
		if (*shape == '9' ? *text < '0' || *text > '9' : *text != *shape)
			return (false);
	}
	return (*text != '\0');
}

/* nqn.YYYY-MM. and at least one more character: a host may call itself something else, but what a
 * person writes in a file and does not look like this is a slip. */
bool
value_nqn(const char *text)
{
	return (nqn_valid_text(text) && is_shaped_like(text, "nqn.9999-99."));
}

/* 8-4-4-4-12 digits. */
bool
value_uuid(const char *text, uint8_t uuid[16])
{
	char plain[33];
	size_t n = 0;

	if (strlen(text) != 36)
		return (false);
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (text[i] == '-'))
			return (false);
		if (!dash)
			plain[n++] = text[i];
	}
	plain[n] = '\0';
	return (value_hex(plain, uuid, 16));
}

const char *
format_uuid(const uint8_t u[16], char *buf)
{
	char hex[VALUE_SIZE];

	format_hex(u, 16, hex);
	snprintf(buf, VALUE_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
	    hex + 20);
	return (buf);
}

/* Printable ASCII, as SN and MN have to be; spaces only inside. */
bool
value_printable(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return (false);
	}
	return (len > 0 && text[0] != ' ' && text[len - 1] != ' ');
}

static bool
is_plain_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return (false);
	}
	return (len > 2 || (len == 2 && strncmp(name, "..", 2) != 0) || (len == 1 && *name != '.'));
}

/* Absolute and plain, so that one file has one spelling: no empty name in it, no "." and no "..",
 * no control character. */
bool
value_path(const char *text)
{
	size_t len;

	do {
		if (*text++ != '/')
			return (false);
		len = strcspn(text, "/");
		if (!is_plain_name(text, len))
			return (false);
		text += len;
	} while (*text != '\0');
	return (true);
}

static bool
host_address(const char *text, uint32_t *family, uint8_t addr[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	memset(addr, 0, 16);
	if (inet_pton(AF_INET, text, addr) == 1) {
		*family = CONFIG_INET;
		return (true);
	}
	*family = CONFIG_INET6;
	/* ::ffff:192.0.2.1 is IPv4 and has to be written so: else it would not match a peer. */
	return (inet_pton(AF_INET6, text, addr) == 1 && memcmp(addr, mapped, 12) != 0);
}

static bool
listen_host(const char *text, struct config_address *a)
{
	size_t len = strlen(text);
	char host[VALUE_SIZE];

	if (strcmp(text, "*") == 0) {
		a->family = CONFIG_ANY;
		return (true);
	}
	if (len < 2 || text[0] != '[')
		return (host_address(text, &a->family, a->addr) && a->family == CONFIG_INET);
	if (text[len - 1] != ']' || len - 2 >= sizeof(host))
		return (false);
	memcpy(host, text + 1, len - 2);
	host[len - 2] = '\0';
	return (host_address(host, &a->family, a->addr) && a->family == CONFIG_INET6);
}

bool
value_address(const char *text, struct config_address *out)
{
	struct config_address a;
	const char *colon = strrchr(text, ':');
	char host[VALUE_SIZE];
	uint64_t port;

	memset(&a, 0, sizeof(a));
	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return (false);
	if (!value_number(colon + 1, &port) || port == 0 || port > UINT16_MAX)
		return (false);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (!listen_host(host, &a))
		return (false);
	a.port = (uint16_t)port;
	*out = a;
	return (true);
}

static bool
no_bits_behind(const struct config_prefix *x)
{
	for (uint32_t bit = x->bits; bit < 128; bit++) {
		if (x->addr[bit / 8] & 0x80 >> bit % 8)
			return (false);
	}
	return (true);
}

/* ADDRESS or ADDRESS/BITS. */
bool
value_prefix(const char *text, struct config_prefix *out)
{
	struct config_prefix x;
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char host[VALUE_SIZE];
	uint64_t bits;

	memset(&x, 0, sizeof(x));
	if (len >= sizeof(host))
		return (false);
	memcpy(host, text, len);
	host[len] = '\0';
	if (!host_address(host, &x.family, x.addr))
		return (false);
	bits = x.family == CONFIG_INET ? 32 : 128;
	if (slash != NULL && (!value_number(slash + 1, &bits) ||
	    bits > (x.family == CONFIG_INET ? 32 : 128)))
		return (false);
	x.bits = (uint32_t)bits;
	if (!no_bits_behind(&x))
		return (false);
	*out = x;
	return (true);
}

const char *
format_prefix(const struct config_prefix *x, char *buf)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(x->family == CONFIG_INET ? AF_INET : AF_INET6, x->addr, host, sizeof(host));
	snprintf(buf, VALUE_SIZE, "%s/%u", host, x->bits);
	return (buf);
}

const char *
config_address_format(const struct config_address *a, char *buf)
{
	char host[INET6_ADDRSTRLEN] = "*";

	if (a->family != CONFIG_ANY)
		inet_ntop(a->family == CONFIG_INET ? AF_INET : AF_INET6, a->addr, host,
		    sizeof(host));
	snprintf(buf, CONFIG_ADDRESS_SIZE, a->family == CONFIG_INET6 ? "[%s]:%u" : "%s:%u", host,
	    a->port);
	return (buf);
}

/* "*" becomes [::], on which the caller leaves IPV6_V6ONLY off; on every other IPv6 it is on. */
socklen_t
config_address_sockaddr(const struct config_address *a, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (a->family == CONFIG_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->addr, 4);
		return (sizeof(*in));
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	memcpy(&in6->sin6_addr, a->addr, 16);
	return (sizeof(*in6));
}
