/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call that a narrowed process may make, and who makes it. Anything else, and the
 * process is killed. A row permits one call; with tests, only with these arguments: each test says
 * (argument & mask) == value. Several rows of one call are alternatives. Comparisons are equality
 * only: libseccomp 2.5.4 compiles others wrongly. What happens before sandbox_enter() is not here.
 *
 * Not here on purpose: open (but openers), socket, connect, bind, clone, execve, ioctl and fcntl in
 * general, mremap (but the broker), kill (so abort() ends by SIGSYS), dlopen's needs: nobody may
 * call pthread_exit or pthread_cancel, which load a library.
 */
#ifndef COMMON_SANDBOX_RULES_H
#define COMMON_SANDBOX_RULES_H

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/memfd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <stdint.h>

#include "common/sandbox.h"

struct sandbox_test {
	uint32_t arg;
	uint64_t mask;		/* 0: no test */
	uint64_t value;
};

struct sandbox_rule {
	const char *name;
	int nr;			/* libseccomp's; negative where an architecture has it not */
	uint32_t roles;
	struct sandbox_test test[2];
};

#define W (1u << ROLE_WORKER)
#define L (1u << ROLE_LISTENER)
#define B (1u << ROLE_BROKER)
#define O (1u << ROLE_OPENER)
#define ALL (W | L | B | O)
/* A worker besides, by its engine. */
#define WT SANDBOX_POOL
#define WR SANDBOX_RING
#define WF SANDBOX_RING_FD

#define SYS(name)		#name, SCMP_SYS(name)
#define INT_IS(arg, value)	{ (arg), 0xffffffffu, (uint32_t)(value) }  /* the kernel sees 32 bits */
#define NONE_OF(arg, bits)	{ (arg), (uint32_t)(bits), 0 }

#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ _IOR(0x12, 128, uint64_t)
#endif
#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

#ifndef IORING_REGISTER_USE_REGISTERED_RING
#define IORING_REGISTER_USE_REGISTERED_RING (1u << 31)
#endif

/* io_uring_enter that never waits: IORING_ENTER_GETEVENTS or not, and this. */
#define ENTER_FLAGS(value)	{ 3, 0xffffffffu & ~IORING_ENTER_GETEVENTS, (value) }

/* preadv2, pwritev2: RWF_HIPRI, RWF_DSYNC, RWF_NOWAIT and nothing else */
#define RWF_OTHERS ((uint32_t)~(0x1u | 0x2u | 0x8u))

static const struct sandbox_rule sandbox_rules[] = {
	/* ---- everyone: memory that never becomes executable, time, the end ---- */
	{ SYS(brk), ALL, { { 0 } } },
	{ SYS(mmap), ALL, { NONE_OF(2, PROT_EXEC) } },
	{ SYS(mprotect), ALL, { NONE_OF(2, PROT_EXEC) } },
	{ SYS(munmap), ALL, { { 0 } } },
	{ SYS(madvise), ALL, { { 0 } } },
	{ SYS(mremap), B, { { 0 } } },			/* realloc of what grows */
	{ SYS(futex), ALL, { { 0 } } },
	{ SYS(clock_gettime), ALL, { { 0 } } },		/* where the vDSO has no clock */
	{ SYS(gettimeofday), ALL, { { 0 } } },
	{ SYS(getrandom), ALL, { { 0 } } },
	{ SYS(rt_sigreturn), ALL, { { 0 } } },
	{ SYS(rt_sigprocmask), ALL, { { 0 } } },
	{ SYS(restart_syscall), ALL, { { 0 } } },
	{ SYS(exit), W, { { 0 } } },
	{ SYS(exit_group), ALL, { { 0 } } },

	/* ---- channels between our processes, and waiting ---- */
	{ SYS(sendmsg), ALL, { { 0 } } },
	{ SYS(recvmsg), ALL, { { 0 } } },
	{ SYS(close), ALL, { { 0 } } },
	{ SYS(epoll_ctl), W | B, { { 0 } } },
	{ SYS(epoll_wait), W | B, { { 0 } } },
	{ SYS(epoll_pwait), W | B, { { 0 } } },
	{ SYS(timerfd_settime), W, { INT_IS(1, TFD_TIMER_ABSTIME) } },	/* how long a lane sleeps */
	{ SYS(poll), L | B | O, { { 0 } } },
	{ SYS(ppoll), L | B | O, { { 0 } } },

	/* ---- TCP: a worker's own connections ---- */
	{ SYS(sched_yield), W, { { 0 } } },			/* busy-poll */
	{ SYS(recvfrom), W, { { 0 } } },
	{ SYS(shutdown), W, { { 0 } } },
	{ SYS(setsockopt), W, { INT_IS(1, SOL_SOCKET), INT_IS(2, SO_KEEPALIVE) } },
	{ SYS(setsockopt), W, { INT_IS(1, IPPROTO_TCP), INT_IS(2, TCP_NODELAY) } },
	{ SYS(setsockopt), W, { INT_IS(1, IPPROTO_TCP), INT_IS(2, TCP_KEEPIDLE) } },
	{ SYS(setsockopt), W, { INT_IS(1, IPPROTO_TCP), INT_IS(2, TCP_KEEPINTVL) } },
	{ SYS(setsockopt), W, { INT_IS(1, IPPROTO_TCP), INT_IS(2, TCP_KEEPCNT) } },

	/* ---- accepting: hosts (listener), operators (broker) ---- */
	{ SYS(accept4), L | B, { INT_IS(3, SOCK_CLOEXEC | SOCK_NONBLOCK) } },
	{ SYS(getsockname), L, { { 0 } } },
	{ SYS(getsockopt), B, { INT_IS(1, SOL_SOCKET), INT_IS(2, SO_PEERCRED) } },

	/* ---- a worker's namespaces, and its eventfd ---- */
	{ SYS(read), W, { { 0 } } },
	{ SYS(write), W, { { 0 } } },
	{ SYS(pread64), W | B | O, { { 0 } } },
	{ SYS(pwrite64), B | O, { { 0 } } },
	{ SYS(lseek), B, { { 0 } } },				/* how large is a claim now? */
	{ SYS(preadv2), WT, { NONE_OF(5, RWF_OTHERS) } },
	{ SYS(pwritev2), WT, { NONE_OF(5, RWF_OTHERS) } },
	{ SYS(fdatasync), WT, { { 0 } } },
	{ SYS(fallocate), WT | O, { INT_IS(1, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE) } },
	{ SYS(fallocate), WT | O, { INT_IS(1, FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE) } },
	/* a ring, restricted to the like of these (ring.c): submit, never wait; one file in or out */
	{ SYS(io_uring_enter), WR, { INT_IS(2, 0), ENTER_FLAGS(IORING_ENTER_REGISTERED_RING) } },
	{ SYS(io_uring_enter), WF, { INT_IS(2, 0), ENTER_FLAGS(0) } },
	{ SYS(io_uring_register), WR, { INT_IS(1, IORING_REGISTER_FILES_UPDATE |
	    IORING_REGISTER_USE_REGISTERED_RING), INT_IS(3, 1) } },
	{ SYS(io_uring_register), WF, { INT_IS(1, IORING_REGISTER_FILES_UPDATE), INT_IS(3, 1) } },

	/* ---- the broker: log lines, sealed records ---- */
	{ SYS(write), B, { INT_IS(0, 2) } },
	{ SYS(writev), B, { INT_IS(0, 2) } },
	{ SYS(memfd_create), B, { { 0 } } },
	{ SYS(fcntl), B, { INT_IS(1, F_ADD_SEALS) } },
	{ SYS(fcntl), O, { INT_IS(1, F_GETFL) } },

	/* ---- asking what a descriptor is ---- */
	{ SYS(fstat), W | B | O, { { 0 } } },
	{ SYS(newfstatat), W | B | O, { INT_IS(3, AT_EMPTY_PATH) } },	/* what fstat() is in glibc */

	/* ---- the opener: one path, once ---- */
	{ SYS(openat), O, { { 0 } } },
	{ SYS(statx), O, { { 0 } } },
	{ SYS(flock), O, { { 0 } } },
	{ SYS(fsync), O, { { 0 } } },				/* ... or a file in a directory, replaced */
	{ SYS(renameat), O, { { 0 } } },
	{ SYS(renameat2), O, { { 0 } } },			/* what renameat() is where there is no other */
	{ SYS(unlinkat), O, { INT_IS(2, 0) } },
	{ SYS(fcntl), O, { INT_IS(1, F_OFD_SETLK) } },
	{ SYS(fcntl), O, { INT_IS(1, F_OFD_GETLK) } },
	{ SYS(ioctl), O, { INT_IS(1, BLKGETSIZE64) } },
	{ SYS(ioctl), O, { INT_IS(1, BLKSSZGET) } },
	{ SYS(ioctl), O, { INT_IS(1, BLKPBSZGET) } },
	{ SYS(ioctl), O, { INT_IS(1, BLKROGET) } },
	{ SYS(ioctl), O, { INT_IS(1, BLKIOOPT) } },
	{ SYS(ioctl), O, { INT_IS(1, BLKGETDISKSEQ) } },
};

/* What a sanitizer build needs besides; empty in every other (sandbox_rules_none.c). */
extern const struct sandbox_rule sandbox_rules_extra[];
extern const uint32_t sandbox_rules_extra_count;

#endif
