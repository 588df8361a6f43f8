/* SPDX-License-Identifier: BSD-2-Clause */
/* "cellblockd serve": every option, what is refused, and the lines that it prints for hosts. */
#include "config.h"

#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "broker/configuration.h"
#include "broker/identity.h"
#include "tests/unit/unit.h"

enum { ARGS_MAX = 16 };

static struct config_errors errors;
static const uint8_t key[IDENTITY_KEY_SIZE] = "a machine";
static struct config_surroundings env = {.uid = 0, .machine_key = key};

/* Arguments are separated by spaces. */
static struct config *
serve(const char *line)
{
	char text[512], *rest = text, *argv[ARGS_MAX + 1] = {NULL}, name[] = "serve";
	int argc = 1;

	strlcpy(text, line, sizeof(text));
	argv[0] = name;
	while (argc < ARGS_MAX && rest != NULL && *rest != '\0')
		argv[argc++] = strsep(&rest, " ");
	return (config_from_serve(argc, argv, &env, &errors));
}

static struct config *
served(const char *line)
{
	struct config *c = serve(line);

	if (c == NULL)
		fail_msg("%s: %s", line, errors.text[0]);
	return (c);
}

static void
refused(const char *line, const char *why)
{
	struct config *c = serve(line);

	assert_null(c);
	if (strstr(errors.text[0], why) == NULL)
		fail_msg("expected '%s', found '%s'", why, errors.text[0]);
}

static void
one_backend(void **state)
{
	struct config *c = served("ram:1G");

	(void)state;
	assert_int_equal(c->nlisteners, 1);
	assert_int_equal(c->listeners[0].address.port, 4420);
	assert_true(config_address_is_loopback(&c->listeners[0].address));
	assert_int_equal(c->nsubsystems, 1);
	assert_true(c->subsystems[0].allow_any_host);
	assert_int_equal(c->subsystems[0].nnamespaces, 1);
	assert_int_equal(c->subsystems[0].namespaces[0].nsid, 1);
	assert_int_equal(c->subsystems[0].namespaces[0].ram, 1 << 30);
	assert_null(c->service.state_dir);
	assert_int_equal(c->service.log_level, LOG_INFO);
	assert_false(c->service.foreground);
	assert_false(c->transport.header_digest || c->transport.data_digest);
	config_free(c);
}

static void
every_option(void **state)
{
	struct config *c = served("-l [::1]:5000 -n nqn.2026-01.example:x -P 8009 -g -G -F -H 8K "
	    "-d -v ram:4K /dev/vg0/vol1");

	(void)state;
	assert_int_equal(c->nlisteners, 2);
	assert_int_equal(c->listeners[0].address.port, 5000);
	assert_false(c->listeners[0].discovery);
	assert_int_equal(c->listeners[1].address.port, 8009);
	assert_true(c->listeners[1].discovery);
	assert_true(config_address_is_loopback(&c->listeners[1].address));
	assert_string_equal(c->subsystems[0].nqn, "nqn.2026-01.example:x");
	assert_true(c->transport.header_digest && c->transport.data_digest);
	assert_true(c->transport.flow_control_off);
	assert_int_equal(c->transport.max_h2c_data, 8192);
	assert_true(c->service.foreground);
	assert_int_equal(c->service.log_level, LOG_DEBUG);
	assert_int_equal(c->subsystems[0].nnamespaces, 2);
	assert_int_equal(c->subsystems[0].namespaces[1].nsid, 2);
	assert_string_equal(c->subsystems[0].namespaces[1].path, "/dev/vg0/vol1");
	config_free(c);
}

static void
paths_become_absolute(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(chdir("/etc"), 0);
	c = served("/etc/../tmp .");
	assert_string_equal(c->subsystems[0].namespaces[0].path, "/tmp");
	assert_string_equal(c->subsystems[0].namespaces[1].path, "/etc");
	config_free(c);
	refused("no-such-file-here", "found 'no-such-file-here': No such file or directory");
}

static void
refusals(void **state)
{
	(void)state;
	refused("", "expected a backend");
	refused("-g", "expected a backend");
	refused("-x ram:1G", "expected another option, found -x");
	refused("-l", "expected an argument of -l");
	refused("-l 192.0.2.1:4420 ram:1G", "'hosts:'");
	refused("-l *:4420 ram:1G", "'hosts:'");
	refused("-l 127.0.0.1 ram:1G", "'address'");
	refused("-l [::]:4420 ram:1G", "serve admits any host");
	refused("-n nqn.one ram:1G", "'nqn'");
	refused("-n nqn.2014-08.org.nvmexpress.discovery ram:1G", "discovery");
	refused("-P 0 ram:1G", "expected a port");
	refused("-P 65536 ram:1G", "expected a port");
	refused("-P x ram:1G", "expected a port");
	refused("-P 4420 ram:1G", "overlaps");
	refused("-H 4095 ram:1G", "'max-h2c-data'");
	refused("ram:", "'ram'");
	refused("ram:1000", "'ram'");
	refused("/dev/a /dev/a", "expected another path");
}

static void
surroundings(void **state)
{
	struct config *c = served("ram:1G");

	(void)state;
	assert_int_equal(c->service.sandbox, CONFIG_SANDBOX_REQUIRE);
	assert_string_equal(c->service.control_socket, "/run/cellblock/control");
	config_free(c);
	env.uid = 1000;
	env.runtime_dir = "/run/user/1000";
	c = served("ram:1G");
	assert_int_equal(c->service.sandbox, CONFIG_SANDBOX_PREFER);
	assert_string_equal(c->service.control_socket, "/run/user/1000/cellblock/control");
	config_free(c);
	env.runtime_dir = "relative";
	c = served("ram:1G");
	assert_null(c->service.control_socket);
	config_free(c);
	env.runtime_dir = NULL;
	c = served("ram:1G");
	assert_null(c->service.control_socket);
	config_free(c);
	env.uid = 0;
}

static void
default_name(void **state)
{
	static const uint8_t other[IDENTITY_KEY_SIZE] = "another machine";
	struct config *a = served("ram:1G"), *b = served("ram:2G"), *c;

	(void)state;
	env.machine_key = other;
	c = served("ram:1G");
	env.machine_key = key;
	assert_int_equal(strncmp(a->subsystems[0].nqn, "nqn.2014-08.org.nvmexpress:uuid:", 32), 0);
	assert_int_equal(strlen(a->subsystems[0].nqn), 32 + 36);
	assert_int_equal(a->subsystems[0].nqn[32 + 14], '8');
	assert_string_equal(a->subsystems[0].nqn, b->subsystems[0].nqn);
	assert_string_not_equal(a->subsystems[0].nqn, c->subsystems[0].nqn);
	config_free(a);
	config_free(b);
	config_free(c);
}

static void
assert_lines(const struct config *c, const char *want)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(c);
	assert_non_null(f);
	config_print_connect_lines(f, c);
	fclose(f);
	assert_string_equal(text, want);
	free(text);
}

static void
connect_lines(void **state)
{
	static const char text[] =
	    "listeners:\n"
	    "  - address: '[2001:db8::1]:4420'\n"
	    "  - address: '*:4421'\n"
	    "  - socket: nvme\n"
	    "  - {address: 192.0.2.1:8009, discovery: true}\n"
	    "subsystems:\n"
	    "  - {nqn: nqn.2026-01.example:one, allow-any-host: true}\n"
	    "  - {nqn: \"nqn.2026-01.example:it's $HOME\", allow-any-host: true}\n";
	struct config *c = served("-l 127.0.0.2:4421 -P 8009 -n nqn.2026-01.example:x ram:1G");

	(void)state;
	assert_lines(c, "nvme connect -t tcp -a 127.0.0.2 -s 4421 -n nqn.2026-01.example:x\n");
	config_free(c);
	c = config_parse("test", text, strlen(text), &errors);
	assert_lines(c, "nvme connect -t tcp -a 2001:db8::1 -s 4420 -n nqn.2026-01.example:one\n"
	    "nvme connect -t tcp -a 2001:db8::1 -s 4420 -n 'nqn.2026-01.example:it'\\''s $HOME'\n"
	    "nvme connect -t tcp -a ADDRESS -s 4421 -n nqn.2026-01.example:one\n"
	    "nvme connect -t tcp -a ADDRESS -s 4421 -n 'nqn.2026-01.example:it'\\''s $HOME'\n");
	config_free(c);
}

/* What serve made can be written to a file and read again. */
static void
printed_and_read_again(void **state)
{
	struct config *c = served("-P 8009 -g ram:1G /dev/vg0/vol1"), *again;
	char *text = NULL, *text2 = NULL;
	size_t len = 0, len2 = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	assert_int_equal(identity_fill(c, key, &errors), 0);
	config_print(f, c);
	fclose(f);
	again = config_parse("again", text, len, &errors);
	assert_non_null(again);
	assert_non_null(f = open_memstream(&text2, &len2));
	config_print(f, again);
	fclose(f);
	assert_string_equal(text, text2);
	config_free(c);
	config_free(again);
	free(text);
	free(text2);
}

static void
usage(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	config_serve_usage(f);
	fclose(f);
	for (const char *o = "dFgGHlnPv"; *o != '\0'; o++) {
		char option[] = {' ', '[', '-', *o, '\0'};

		assert_non_null(strstr(text, option));
	}
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_backend),
		cmocka_unit_test(every_option),
		cmocka_unit_test(paths_become_absolute),
		cmocka_unit_test(refusals),
		cmocka_unit_test(surroundings),
		cmocka_unit_test(default_name),
		cmocka_unit_test(connect_lines),
		cmocka_unit_test(printed_and_read_again),
		cmocka_unit_test(usage),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
