/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ASan and UBSan do inside a narrowed process: report on stderr, look at maps, sleep, hand
 * signals on. Compiled only with --enable-sanitizers; such a build is for testing, never for
 * serving. The leak check stops threads with ptrace, so it is left out once the filter is there.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>

#include <stdbool.h>

#include "common/sandbox_rules.h"

const struct sandbox_rule sandbox_rules_extra[] = {
	{ SYS(write), L | O, { { 0 } } },
	{ SYS(mremap), W | L | O, { { 0 } } },
	{ SYS(openat), W | L | B, { { 0 } } },
	{ SYS(readlink), ALL, { { 0 } } },
	{ SYS(readlinkat), ALL, { { 0 } } },
	{ SYS(read), L | B | O, { { 0 } } },
	{ SYS(getpid), ALL, { { 0 } } },
	{ SYS(gettid), ALL, { { 0 } } },
	{ SYS(tgkill), ALL, { { 0 } } },
	{ SYS(rt_sigaction), ALL, { { 0 } } },
	{ SYS(sigaltstack), ALL, { { 0 } } },
	{ SYS(sched_yield), ALL, { { 0 } } },
	{ SYS(getrlimit), ALL, { { 0 } } },
	{ SYS(prlimit64), ALL, { { 0 } } },
	{ SYS(prctl), ALL, { { 0 } } },
	{ SYS(ioctl), ALL, { INT_IS(1, TCGETS) } },	/* may a report be coloured? */
};

const uint32_t sandbox_rules_extra_count =
    sizeof(sandbox_rules_extra) / sizeof(sandbox_rules_extra[0]);

int	__lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0);
}
