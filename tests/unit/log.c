/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines as they appear on stderr, with and without the journal, and the rate of one source. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"

static int real_stderr, reader;

/* stderr becomes one end of a datagram pair: one write is one datagram. */
static int
setup(void **state)
{
	int fd[2];

	(void)state;
	real_stderr = dup(STDERR_FILENO);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd) == -1)
		return (-1);
	dup2(fd[0], STDERR_FILENO);
	close(fd[0]);
	reader = fd[1];
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(reader);
	unsetenv("JOURNAL_STREAM");
	return (0);
}

static void
expect_line(const char *line)
{
	static char got[8192];
	ssize_t n = recv(reader, got, sizeof(got) - 1, 0);

	got[n < 0 ? 0 : n] = '\0';
	assert_string_equal(got, line);
}

static void
test_lines(void **state)
{
	(void)state;
	log_open(LOG_INFO);
	log_info("hello %d", 5);
	expect_line("info: hello 5\n");
	log_debug("not now");
	expect_line("");
	log_set_level(LOG_DEBUG);
	log_debug("now");
	expect_line("debug: now\n");
	errno = ENOENT;
	log_warn("a %s", "file");
	expect_line("warning: a file: No such file or directory\n");
	assert_int_equal(errno, ENOENT);
	log_errx("two\nlines\x1b");
	expect_line("error: two lines \n");
}

static void
test_long_line(void **state)
{
	char text[5000], line[8192];
	ssize_t n;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_open(LOG_INFO);
	errno = EIO;
	log_warn("%s", text);
	n = recv(reader, line, sizeof(line), 0);
	assert_true(n > 1000 && n < 5000);
	assert_int_equal(line[n - 1], '\n');
	assert_int_equal(line[n - 2], 'x');
}

static void
test_journal(void **state)
{
	struct stat st;
	char text[64];

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
	log_open(LOG_INFO);
	log_warnx("careful");
	expect_line("<4>careful\n");
	setenv("JOURNAL_STREAM", "1:1", 1);	/* stderr went elsewhere since */
	log_open(LOG_INFO);
	log_warnx("careful");
	expect_line("warning: careful\n");
}

static void
test_rate(void **state)
{
	struct log_rate r = { 0 };
	uint32_t left_out;

	(void)state;
	for (int i = 0; i < LOG_RATE_BURST; i++)
		assert_true(log_rate_ok(&r, 5, &left_out) && left_out == 0);
	for (int i = 0; i < 7; i++)
		assert_false(log_rate_ok(&r, 5 + LOG_RATE_WINDOW_MS - 1, &left_out));
	assert_true(log_rate_ok(&r, 5 + LOG_RATE_WINDOW_MS, &left_out));
	assert_int_equal(left_out, 7);
	assert_true(log_rate_ok(&r, 6 + LOG_RATE_WINDOW_MS, &left_out));
	assert_int_equal(left_out, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_journal, setup, teardown),
		cmocka_unit_test(test_rate),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
