/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two processes that keep the processors busy with nothing, at the lowest priority there is: what
 * a hypervisor sees idle it moves, and what sleeps deeply wakes late. They are in a session of
 * their own, with the least share, because the scheduler divides among sessions first.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "tests/bench/bench.h"

static pid_t holders[2];

static void
hold(int cpu)
{
	struct sched_param param = { .sched_priority = 0 };
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "bench-holder");
	cpu_pin(cpu);
	setsid();
	if ((fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC)) != -1) {
		if (write(fd, "19", 2) != 2)
			warn("autogroup");
		close(fd);
	}
	if (setpriority(PRIO_PROCESS, 0, 19) == -1 ||
	    sched_setscheduler(0, SCHED_IDLE, &param) == -1)
		_exit(1);
	for (;;)
		__asm__ volatile("" ::: "memory");
}

void
holders_start(void)
{
	int cpus[2] = { settings.server_cpu, settings.client_cpu };

	for (int i = 0; i < 2; i++) {
		if ((holders[i] = fork()) == -1)
			err(1, "fork");
		if (holders[i] == 0)
			hold(cpus[i]);
	}
}

void
holders_stop(void)
{
	for (int i = 0; i < 2; i++) {
		if (holders[i] > 0) {
			kill(holders[i], SIGKILL);
			waitpid(holders[i], NULL, 0);
		}
		holders[i] = 0;
	}
}
