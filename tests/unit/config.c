/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration beyond the pairs of tests/config: the bounds of every row, files and conf.d,
 * the questions of policy, and the arguments of serve.
 */
#include "config.h"

#include <sys/stat.h>

#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "broker/config_parse.h"
#include "common/ipc_payload.h"
#include "tests/unit/unit.h"

#define LISTEN "listeners: [{address: '*:4420'}]\n"
#define ONE "subsystems: [{nqn: nqn.2026-01.example:one, allow-any-host: true}]\n"
#define TWO "subsystems: [{nqn: nqn.2026-01.example:two, allow-any-host: true}]\n"

static struct config_errors errors;
static char tmp[64];

static struct config *
parse(const char *text)
{
	return (config_parse("test", text, strlen(text), &errors));
}

static void
assert_error(const struct config *c, const char *want)
{
	assert_null(c);
	assert_true(errors.n > 0);
	if (strstr(errors.text[0], want) == NULL)
		fail_msg("expected '%s', found '%s'", want, errors.text[0]);
}

/* ---- every row of the table ---- */

static const char *
format(const struct config_key *k, uint64_t v, char *buf)
{
	if (k->kind == KIND_DURATION)
		return (format_duration(v, buf));
	return (format_size(v, buf));
}

static bool
accepts(const struct config_key *k, const char *text)
{
	struct parse p = {.errors = &errors};
	char *base = calloc(1, section_size(k->in));
	bool ok;

	errors.n = 0;
	assert_non_null(base);
	config_new(&p);
	ok = key_set_text(&p, k->in, k->name, base, text) == 0;
	assert_int_equal(ok, errors.n == 0);
	config_free(p.cfg);
	free(base);
	return (ok);
}

static bool
is_bounded(const struct config_key *k)
{
	return (k->kind == KIND_NUMBER || k->kind == KIND_SIZE || k->kind == KIND_TRANSFER ||
	    k->kind == KIND_DURATION);
}

/* Numbers are written without a unit, which format_size() would give them. */
static bool
accepts_value(const struct config_key *k, uint64_t v)
{
	char buf[VALUE_SIZE];

	if (k->kind == KIND_NUMBER)
		snprintf(buf, sizeof(buf), "%llu", (unsigned long long)v);
	else
		format(k, v, buf);
	return (accepts(k, buf));
}

static void
bounds_of_every_row(void **state)
{
	unsigned tried = 0;

	(void)state;
	for (size_t i = 0; i < config_nkeys; i++) {
		const struct config_key *k = &config_keys[i];

		if (!is_bounded(k))
			continue;
		tried++;
		assert_true(k->min < k->max);
		assert_true(accepts_value(k, k->min));
		assert_true(accepts_value(k, k->max));
		assert_false(accepts_value(k, k->max + 1));
		assert_false(accepts_value(k, k->max * 2));
		if (k->min > 0)
			assert_false(accepts_value(k, k->min - 1));
		if (k->multiple > 1)
			assert_false(accepts_value(k, k->min + 1));
		assert_false(accepts(k, "18446744073709551616"));
		assert_false(accepts(k, "16777216T"));
		assert_false(accepts(k, ""));
		assert_false(accepts(k, "1 "));
		assert_false(accepts(k, " 1"));
		assert_false(accepts(k, "+1"));
	}
	assert_true(tried > 15);
}

/* Every other kind refuses what is certainly not of it. */
static void
every_kind_refuses_nonsense(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_nkeys; i++) {
		const struct config_key *k = &config_keys[i];

		assert_false(accepts(k, ""));
		assert_false(accepts(k, "\x1b[2J"));
	}
}

static void
words_that_are_near(void **state)
{
	static const struct config_word words[] = {{"require", 0}, {"prefer", 1}, {NULL, 0}};

	(void)state;
	assert_string_equal(word_nearest(words, "requier"), "require");
	assert_string_equal(word_nearest(words, "perfer"), "prefer");
	assert_string_equal(word_nearest(words, "required"), "require");
	assert_null(word_nearest(words, "off"));
	assert_null(word_nearest(words, ""));
	assert_null(word_nearest(words,
	    "requirerequirerequirerequirerequirerequirerequirerequire"));
}

static void
defaults(void **state)
{
	struct config *c = parse(LISTEN ONE);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->service.uids.first, 1879048192);
	assert_int_equal(c->service.uids.last, 1879179263);
	assert_int_equal(c->service.sandbox, CONFIG_SANDBOX_REQUIRE);
	assert_int_equal(c->service.log_level, LOG_INFO);
	assert_string_equal(c->service.control_socket, "/run/cellblock/control");
	assert_false(c->transport.header_digest || c->transport.data_digest);
	assert_false(c->transport.flow_control_off);
	assert_int_equal(c->transport.max_h2c_data, 256 << 10);
	assert_int_equal(c->transport.max_transfer, 1 << 20);
	assert_int_equal(c->limits.memory, 16 << 20);
	assert_int_equal(c->service.engine, ENGINE_AUTO);
	assert_int_equal(c->service.busy_poll_us, 0);
	assert_int_equal(config_lanes(c), 1);
	assert_int_equal(c->limits.keep_alive_ms, 120000);
	assert_string_equal(c->subsystems[0].model, "Cellblock");
	assert_string_equal(c->subsystems[0].serial, "");
	config_free(c);
}

/* As many as there are processors, but not without end; and each has to have its memory. */
static void
automatic_lanes(void **state)
{
	struct config *c = parse(LISTEN ONE "service: {lanes: auto}\n");

	(void)state;
	assert_non_null(c);
	assert_in_range(config_lanes(c), 1, CONFIG_LANES_AUTO_MAX);
	c->cpus = 3;
	assert_int_equal(config_lanes(c), 3);
	c->cpus = 1000;
	assert_int_equal(config_lanes(c), CONFIG_LANES_AUTO_MAX);
	config_free(c);
	assert_error(parse(LISTEN ONE "service: {lanes: auto}\ntransport: {max-transfer: 4M}\n"
	    "limits: {memory: 4M}\n"), "expected 'memory' of at least");
}

static void
too_large(void **state)
{
	char *text = malloc(CONFIG_FILE_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '#', CONFIG_FILE_MAX + 1);
	assert_error(config_parse("test", text, CONFIG_FILE_MAX + 1, &errors), "at most 1 MiB");
	assert_error(config_parse("test", text, CONFIG_FILE_MAX, &errors), "listener");
	free(text);
}

/* ---- files ---- */

static char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", tmp, name);
	return (path);
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	if (f == NULL || fputs(text, f) == EOF || fclose(f) == EOF)
		err(1, "%s", name);
	assert_int_equal(chmod(path_of(name), 0644), 0);
}

static int
make_tmp(void **state)
{
	(void)state;
	strlcpy(tmp, "/tmp/cellblock-test.XXXXXX", sizeof(tmp));
	return (mkdtemp(tmp) != NULL && mkdir(path_of("conf.d"), 0755) == 0 ? 0 : -1);
}

static int
remove_tmp(void **state)
{
	static const char *const names[] = {
		"main.yaml", "conf.d/10-a.yaml", "conf.d/9-b.yaml", "conf.d/.c.yaml", "conf.d/d.yml",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_of(names[i]));
	rmdir(path_of("conf.d"));
	return (rmdir(tmp));
}

static struct config *
load(void)
{
	return (config_load(path_of("main.yaml"), &errors));
}

static void
directory_in_the_order_of_names(void **state)
{
	struct config *c;

	(void)state;
	write_file("main.yaml", LISTEN "service: {spares: 5}\n");
	write_file("conf.d/9-b.yaml", ONE "service: {log-level: debug}\n");
	write_file("conf.d/10-a.yaml", TWO "listeners: [{address: '*:4421'}]\n");
	write_file("conf.d/.c.yaml", "nonsense");
	write_file("conf.d/d.yml", "nonsense");
	assert_non_null(c = load());
	assert_int_equal(c->nsubsystems, 2);
	assert_string_equal(c->subsystems[0].nqn, "nqn.2026-01.example:two");
	assert_string_equal(c->subsystems[1].nqn, "nqn.2026-01.example:one");
	assert_int_equal(c->nlisteners, 2);
	assert_int_equal(c->listeners[0].address.port, 4420);
	assert_int_equal(c->service.spares, 5);
	assert_int_equal(c->service.log_level, LOG_DEBUG);
	config_free(c);
}

static void
scalar_in_two_files(void **state)
{
	char *text;

	(void)state;
	write_file("main.yaml", LISTEN ONE "service:\n  spares: 5\n");
	write_file("conf.d/9-b.yaml", "service:\n\n  spares: 5\n");
	assert_null(load());
	assert_int_equal(errors.n, 1);
	assert_true(asprintf(&text, "%s/conf.d/9-b.yaml:3: expected 'spares' once, found it again; "
	    "first at %s/main.yaml:4", tmp, tmp) > 0);
	assert_string_equal(errors.text[0], text);
	free(text);
}

static void
same_subsystem_in_two_files(void **state)
{
	(void)state;
	write_file("main.yaml", LISTEN ONE);
	write_file("conf.d/9-b.yaml", ONE);
	assert_error(load(), "conf.d/9-b.yaml:1: expected another subsystem NQN");
	assert_non_null(strstr(errors.text[0], "main.yaml:2"));
}

static void
files_that_are_missing(void **state)
{
	(void)state;
	assert_error(load(), "main.yaml: No such file or directory");
	assert_error(config_load(tmp, &errors), "expected a regular file");
}

static void
files_that_others_may_write(void **state)
{
	(void)state;
	write_file("main.yaml", LISTEN ONE);
	config_free(load());
	assert_int_equal(errors.n, 0);
	assert_int_equal(chmod(path_of("conf.d"), 0777), 0);
	assert_error(load(), "conf.d: expected that not everybody may write");
	assert_int_equal(chmod(path_of("conf.d"), 0755), 0);
	write_file("conf.d/9-b.yaml", "");
	assert_int_equal(chmod(path_of("conf.d/9-b.yaml"), 0646), 0);
	assert_error(load(), "conf.d/9-b.yaml: expected that not everybody may write");
	unlink(path_of("conf.d/9-b.yaml"));
	assert_int_equal(chmod(path_of("main.yaml"), 0646), 0);
	assert_error(load(), "main.yaml: expected that not everybody may write");
}

/* Only root can give a file away. */
static void
directory_of_a_stranger(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("main.yaml", LISTEN ONE);
	assert_int_equal(chown(path_of("conf.d"), 12345, 12345), 0);
	assert_error(load(), "conf.d: expected the owner to be root");
}

/* ---- policy ---- */

static struct ipc_addr
peer(const char *text)
{
	struct ipc_addr a;

	memset(&a, 0, sizeof(a));
	a.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	a.port = 50000;
	assert_int_equal(inet_pton(a.family, text, a.addr), 1);
	return (a);
}

static bool
may_connect(const struct config *c, const char *host, const char *from)
{
	struct ipc_addr a = peer(from);

	return (config_may_connect(&c->subsystems[0], host, &a));
}

#define HOST(name) "nqn.2026-01.example:" name
#define POLICY LISTEN \
	"subsystems:\n" \
	"  - nqn: nqn.2026-01.example:one\n" \
	"    namespaces:\n" \
	"      - {nsid: 1, ram: 1M}\n" \
	"      - {nsid: 2, ram: 1M}\n" \
	"      - {nsid: 3, path: /dev/x, read-only: true}\n" \
	"    hosts:\n" \
	"      - nqn: nqn.2026-01.example:any\n" \
	"      - nqn: nqn.2026-01.example:net\n" \
	"        addresses: [192.0.2.128/25, 2001:db8::/33, 198.51.100.7]\n" \
	"        namespaces: [1, 3]\n" \
	"      - nqn: nqn.2026-01.example:reader\n" \
	"        read-only: true\n" \
	"      - nqn: nqn.2026-01.example:half\n" \
	"        read-only: [2]\n" \
	"        addresses: [0.0.0.0/0]\n"

static void
who_may_connect(void **state)
{
	struct ipc_addr none;
	struct config *c = parse(POLICY);

	(void)state;
	assert_non_null(c);
	memset(&none, 0, sizeof(none));
	assert_true(may_connect(c, HOST("any"), "192.0.2.1"));
	assert_true(may_connect(c, HOST("any"), "::1"));
	assert_false(may_connect(c, HOST("an"), "192.0.2.1"));
	assert_false(may_connect(c, HOST("any2"), "192.0.2.1"));
	assert_false(may_connect(c, HOST("ANY"), "192.0.2.1"));
	assert_false(may_connect(c, "", "192.0.2.1"));
	assert_true(may_connect(c, HOST("net"), "192.0.2.128"));
	assert_true(may_connect(c, HOST("net"), "192.0.2.255"));
	assert_false(may_connect(c, HOST("net"), "192.0.2.127"));
	assert_false(may_connect(c, HOST("net"), "192.0.3.128"));
	assert_true(may_connect(c, HOST("net"), "198.51.100.7"));
	assert_false(may_connect(c, HOST("net"), "198.51.100.6"));
	assert_true(may_connect(c, HOST("net"), "2001:db8:7fff::1"));
	assert_false(may_connect(c, HOST("net"), "2001:db8:8000::1"));
	assert_true(may_connect(c, HOST("half"), "203.0.113.1"));
	assert_false(may_connect(c, HOST("half"), "::1"));
	assert_false(config_may_connect(&c->subsystems[0], HOST("half"), &none));
	config_free(c);
}

static void
any_host_or_nobody(void **state)
{
	struct config *c = parse(LISTEN ONE);

	(void)state;
	assert_non_null(c);
	assert_true(may_connect(c, HOST("anybody"), "192.0.2.1"));
	config_free(c);
	c = parse(LISTEN "subsystems: [{nqn: nqn.2026-01.example:one, hosts: []}]\n");
	assert_non_null(c);
	assert_false(may_connect(c, HOST("anybody"), "192.0.2.1"));
	config_free(c);
}

static void
what_a_host_may(void **state)
{
	struct config *c = parse(POLICY);
	const struct config_subsystem *s;
	const struct config_host *h;

	(void)state;
	assert_non_null(c);
	s = config_find_subsystem(c, "nqn.2026-01.example:one");
	assert_non_null(s);
	assert_null(config_find_subsystem(c, "nqn.2026-01.example:on"));
	assert_null(config_find_namespace(s, 4));
	h = config_find_host(s, HOST("net"));
	assert_true(config_may_see(h, 1) && !config_may_see(h, 2) && config_may_see(h, 3));
	assert_true(config_may_write(config_find_namespace(s, 1), h));
	assert_false(config_may_write(config_find_namespace(s, 2), h));
	assert_false(config_may_write(config_find_namespace(s, 3), h));
	h = config_find_host(s, HOST("reader"));
	assert_true(config_may_see(h, 1));
	assert_false(config_may_write(config_find_namespace(s, 1), h));
	h = config_find_host(s, HOST("half"));
	assert_true(config_may_write(config_find_namespace(s, 1), h));
	assert_false(config_may_write(config_find_namespace(s, 2), h));
	assert_true(config_may_write(config_find_namespace(s, 1), NULL));
	assert_false(config_may_write(config_find_namespace(s, 3), NULL));
	config_free(c);
}

static bool
is_bound(const char *text, const char *to, uint16_t port)
{
	struct config_address a;
	struct ipc_addr b = peer(to);

	b.port = port;
	assert_true(value_address(text, &a));
	return (config_address_equal(&a, &b));
}

static void
addresses(void **state)
{
	struct config_address a;
	struct sockaddr_storage ss;

	(void)state;
	assert_true(is_bound("192.0.2.1:4420", "192.0.2.1", 4420));
	assert_false(is_bound("192.0.2.1:4420", "192.0.2.1", 4421));
	assert_false(is_bound("192.0.2.1:4420", "192.0.2.2", 4420));
	assert_false(is_bound("0.0.0.0:4420", "::", 4420));
	assert_true(is_bound("*:4420", "::", 4420));
	assert_false(is_bound("*:4420", "0.0.0.0", 4420));
	assert_true(is_bound("[2001:db8::1]:1", "2001:db8::1", 1));
	assert_true(value_address("127.3.2.1:1", &a) && config_address_is_loopback(&a));
	assert_true(value_address("[::1]:1", &a) && config_address_is_loopback(&a));
	assert_true(value_address("[::2]:1", &a) && !config_address_is_loopback(&a));
	assert_true(value_address("*:1", &a) && !config_address_is_loopback(&a));
	assert_true(value_address("0.0.0.0:1", &a) && !config_address_is_loopback(&a));
	assert_true(value_address("192.0.2.1:4420", &a));
	assert_int_equal(config_address_sockaddr(&a, &ss), sizeof(struct sockaddr_in));
	assert_int_equal(ss.ss_family, AF_INET);
	assert_true(value_address("*:4420", &a));
	assert_int_equal(config_address_sockaddr(&a, &ss), sizeof(struct sockaddr_in6));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_of_every_row),
		cmocka_unit_test(every_kind_refuses_nonsense),
		cmocka_unit_test(words_that_are_near),
		cmocka_unit_test(defaults),
		cmocka_unit_test(automatic_lanes),
		cmocka_unit_test(too_large),
		cmocka_unit_test_setup_teardown(directory_in_the_order_of_names, make_tmp,
		    remove_tmp),
		cmocka_unit_test_setup_teardown(scalar_in_two_files, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(same_subsystem_in_two_files, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(files_that_are_missing, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(files_that_others_may_write, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(directory_of_a_stranger, make_tmp, remove_tmp),
		cmocka_unit_test(who_may_connect),
		cmocka_unit_test(any_host_or_nobody),
		cmocka_unit_test(what_a_host_may),
		cmocka_unit_test(addresses),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
