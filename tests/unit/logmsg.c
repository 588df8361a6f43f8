/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rendering of messages by number: every row is well formed, every field comes out, and nothing
 * that a hostile sender can put into struct ipc_log gets past the buffer or unescaped into a line.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/logmsg.h"

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MSG_MAX; i++) {
		const struct logmsg_row *row = &logmsg_rows[i];

		if (row->level < LOG_ERR || row->level > LOG_DEBUG || strchr(row->message, '\n'))
			fail_msg("%s: level or newline", row->name);
		for (const char *p = row->message; (p = strchr(p, '{')) != NULL; p++)
			if (!(p[1] == 't' && p[2] == '}') &&
			    !(p[1] >= '0' && p[1] <= '5' && (p[2] == '}' || (p[2] == ':' &&
			    (p[3] == 'x' || p[3] == 'e') && p[4] == '}'))))
				fail_msg("%s: field %s", row->name, p);
	}
}

static void
test_fields(void **state)
{
	struct ipc_log log = { .msg = MSG_PDU_FATAL, .nargs = 3, .arg = { 7, 0x2a, 255 },
	    .text = "oops" };
	char buf[256];

	(void)state;
	assert_int_equal(logmsg_render(buf, sizeof(buf), &log, "host=a"), LOG_WARNING);
	assert_string_equal(buf, "queue 7: protocol error 2ah (oops), FEI ffh; host=a; "
	    "look at the host's software");
	log = (struct ipc_log){ .msg = MSG_LISTENER_FULL, .nargs = 1, .arg = { EMFILE } };
	logmsg_render(buf, sizeof(buf), &log, NULL);
	assert_string_equal(buf, "accepting pauses: Too many open files; raise LimitNOFILE");
	log.arg[0] = UINT64_MAX;
	logmsg_render(buf, sizeof(buf), &log, "");
	assert_string_equal(buf, "accepting pauses: ?; raise LimitNOFILE");
}

static void
test_hostile(void **state)
{
	struct ipc_log log;
	char buf[4096];

	(void)state;
	memset(&log, 0xff, sizeof(log));	/* no terminator, no such number */
	assert_int_equal(logmsg_render(buf, sizeof(buf), &log, NULL), LOG_WARNING);
	assert_string_equal(buf, "an unknown message");
	log.msg = MSG_SANDBOX_FAILED;
	logmsg_render(buf, sizeof(buf), &log, NULL);
	assert_non_null(strstr(buf, "\\xff"));
	log.msg = MSG_QUEUE_CLOSED;
	log.nargs = 1;
	strcpy(log.text, "a\n\x1b[2Jb{0}%n");
	logmsg_render(buf, sizeof(buf), &log, NULL);
	assert_string_equal(buf, "queue 18446744073709551615 closed with ? commands in it: "
	    "a\\x0a\\x1b[2Jb{0}%n");
	strcpy(log.text, "a; host=b");
	logmsg_render(buf, sizeof(buf), &log, NULL);
	assert_non_null(strstr(buf, "a\\x3b host=b"));
}

static void
test_small_buffers(void **state)
{
	struct ipc_log log = { .msg = MSG_QUEUE_CLOSED, .nargs = 2, .text = "\1\2\3" };
	char all[256], buf[256];

	(void)state;
	logmsg_render(all, sizeof(all), &log, "context");
	for (size_t size = 1; size < sizeof(buf); size++) {
		memset(buf, 'Z', sizeof(buf));
		logmsg_render(buf, size, &log, "context");
		assert_true(strlen(buf) < size);
		assert_int_equal(buf[size], 'Z');
	}
	assert_string_equal(buf, all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_small_buffers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
